// CosetInterpolationGate { subgroup_bits: 4, degree: 6, barycentric_weights: [17293822565076172801, 256, 1048576, 4294967296, 17592186044416, 72057594037927936, 68719476720, 281474976645120, 1152921504338411520, 18446744069414584065, 18446744069413535745, 18446744065119617025, 18446726477228539905, 18374686475376656385, 18446744000695107601, 18446462594437939201], _phantom: PhantomData<plonky2_field::goldilocks_field::GoldilocksField> }<D=2>: made of what the processor evaluates, by the test `gate_kernels` of ashlar-plonky2. Not to be edited.
#include "quotient.cuh"

namespace KERNELS {
struct gate_interpolation_constraints {
    DEVICE void evaluate(const Row& row, Terms& terms) const
    {
        Fp v0 = row.wire(0); Fp v45 = row.wire(45); Fp v48 = v0 * v45; Fp v46 = row.wire(46); Fp v49 = v0 * v46;
        Fp v33 = row.wire(33); Fp v50 = v33 - v48; terms(0, v50); Fp v34 = row.wire(34); Fp v51 = v34 - v49;
        terms(1, v51); Fp v1 = row.wire(1); Fp v53 = v1 * Fp{17293822565076172801ull}; Fp v2 = row.wire(2);
        Fp v54 = v2 * Fp{17293822565076172801ull}; Fp v55 = v45 - Fp{1ull}; Fp v57 = scaled(v54, 7u);
        Fp v3 = row.wire(3); Fp v59 = v3 * Fp{18446744069414584577ull}; Fp v4 = row.wire(4);
        Fp v60 = v4 * Fp{18446744069414584577ull}; Fp v62 = v45 - Fp{18446744069414588417ull};
        Fp v63 = scaled(v60, 7u); Fp v64 = v46 * v63; Fp v65 = multiply_add(v55, v59, v64); Fp v66 = v55 * v60;
        Fp v67 = multiply_add(v46, v59, v66); Fp v68 = multiply_add(v46, v57, v65);
        Fp v69 = multiply_add(v53, v62, v68); Fp v70 = multiply_add(v54, v62, v67);
        Fp v71 = multiply_add(v46, v53, v70); Fp v72 = scaled(v46, 7u); Fp v73 = v46 * v72;
        Fp v74 = multiply_add(v55, v62, v73); Fp v75 = v46 * v62; Fp v76 = multiply_add(v46, v55, v75);
        Fp v5 = row.wire(5); Fp v78 = v5 * Fp{18446744069415632897ull}; Fp v6 = row.wire(6);
        Fp v79 = v6 * Fp{18446744069415632897ull}; Fp v81 = v45 - Fp{18446744069431361537ull};
        Fp v82 = scaled(v79, 7u); Fp v83 = v76 * v82; Fp v84 = multiply_add(v74, v78, v83); Fp v85 = v74 * v79;
        Fp v86 = multiply_add(v76, v78, v85); Fp v87 = scaled(v71, 7u); Fp v88 = multiply_add(v46, v87, v84);
        Fp v89 = multiply_add(v69, v81, v88); Fp v90 = multiply_add(v71, v81, v86);
        Fp v91 = multiply_add(v46, v69, v90); Fp v92 = scaled(v76, 7u); Fp v93 = v46 * v92;
        Fp v94 = multiply_add(v74, v81, v93); Fp v95 = v76 * v81; Fp v96 = multiply_add(v46, v74, v95);
        Fp v7 = row.wire(7); Fp v98 = v7 * Fp{4294967296ull}; Fp v8 = row.wire(8); Fp v99 = v8 * Fp{4294967296ull};
        Fp v101 = v45 - Fp{68719476736ull}; Fp v102 = scaled(v99, 7u); Fp v103 = v96 * v102;
        Fp v104 = multiply_add(v94, v98, v103); Fp v105 = v94 * v99; Fp v106 = multiply_add(v96, v98, v105);
        Fp v107 = scaled(v91, 7u); Fp v108 = multiply_add(v46, v107, v104); Fp v109 = multiply_add(v89, v101, v108);
        Fp v110 = multiply_add(v91, v101, v106); Fp v111 = multiply_add(v46, v89, v110); Fp v112 = scaled(v96, 7u);
        Fp v113 = v46 * v112; Fp v114 = multiply_add(v94, v101, v113); Fp v115 = v96 * v101;
        Fp v116 = multiply_add(v46, v94, v115); Fp v9 = row.wire(9); Fp v118 = v9 * Fp{17592186044416ull};
        Fp v10 = row.wire(10); Fp v119 = v10 * Fp{17592186044416ull}; Fp v121 = v45 - Fp{281474976710656ull};
        Fp v122 = scaled(v119, 7u); Fp v123 = v116 * v122; Fp v124 = multiply_add(v114, v118, v123);
        Fp v125 = v114 * v119; Fp v126 = multiply_add(v116, v118, v125); Fp v127 = scaled(v111, 7u);
        Fp v128 = multiply_add(v46, v127, v124); Fp v129 = multiply_add(v109, v121, v128);
        Fp v130 = multiply_add(v111, v121, v126); Fp v131 = multiply_add(v46, v109, v130); Fp v132 = scaled(v116, 7u);
        Fp v133 = v46 * v132; Fp v134 = multiply_add(v114, v121, v133); Fp v135 = v116 * v121;
        Fp v136 = multiply_add(v46, v114, v135); Fp v11 = row.wire(11); Fp v138 = v11 * Fp{72057594037927936ull};
        Fp v12 = row.wire(12); Fp v139 = v12 * Fp{72057594037927936ull}; Fp v141 = v45 - Fp{1152921504606846976ull};
        Fp v142 = scaled(v139, 7u); Fp v143 = v136 * v142; Fp v144 = multiply_add(v134, v138, v143);
        Fp v145 = v134 * v139; Fp v146 = multiply_add(v136, v138, v145); Fp v147 = scaled(v131, 7u);
        Fp v148 = multiply_add(v46, v147, v144); Fp v149 = multiply_add(v129, v141, v148);
        Fp v150 = multiply_add(v131, v141, v146); Fp v151 = multiply_add(v46, v129, v150); Fp v152 = scaled(v136, 7u);
        Fp v153 = v46 * v152; Fp v154 = multiply_add(v134, v141, v153); Fp v155 = v136 * v141;
        Fp v156 = multiply_add(v46, v134, v155); Fp v37 = row.wire(37); Fp v157 = v37 - v149; terms(2, v157);
        Fp v38 = row.wire(38); Fp v158 = v38 - v151; terms(3, v158); Fp v41 = row.wire(41); Fp v159 = v41 - v154;
        terms(4, v159); Fp v42 = row.wire(42); Fp v160 = v42 - v156; terms(5, v160); Fp v13 = row.wire(13);
        Fp v162 = v13 * Fp{68719476720ull}; Fp v14 = row.wire(14); Fp v163 = v14 * Fp{68719476720ull};
        Fp v165 = v45 - Fp{1099511627520ull}; Fp v166 = scaled(v163, 7u); Fp v167 = v42 * v166;
        Fp v168 = multiply_add(v41, v162, v167); Fp v169 = v41 * v163; Fp v170 = multiply_add(v42, v162, v169);
        Fp v171 = scaled(v38, 7u); Fp v172 = multiply_add(v46, v171, v168); Fp v173 = multiply_add(v37, v165, v172);
        Fp v174 = multiply_add(v38, v165, v170); Fp v175 = multiply_add(v37, v46, v174); Fp v176 = scaled(v42, 7u);
        Fp v177 = v46 * v176; Fp v178 = multiply_add(v41, v165, v177); Fp v179 = v42 * v165;
        Fp v180 = multiply_add(v41, v46, v179); Fp v15 = row.wire(15); Fp v182 = v15 * Fp{281474976645120ull};
        Fp v16 = row.wire(16); Fp v183 = v16 * Fp{281474976645120ull}; Fp v185 = v45 - Fp{4503599626321920ull};
        Fp v186 = scaled(v183, 7u); Fp v187 = v180 * v186; Fp v188 = multiply_add(v178, v182, v187);
        Fp v189 = v178 * v183; Fp v190 = multiply_add(v180, v182, v189); Fp v191 = scaled(v175, 7u);
        Fp v192 = multiply_add(v46, v191, v188); Fp v193 = multiply_add(v173, v185, v192);
        Fp v194 = multiply_add(v175, v185, v190); Fp v195 = multiply_add(v46, v173, v194); Fp v196 = scaled(v180, 7u);
        Fp v197 = v46 * v196; Fp v198 = multiply_add(v178, v185, v197); Fp v199 = v180 * v185;
        Fp v200 = multiply_add(v46, v178, v199); Fp v17 = row.wire(17); Fp v202 = v17 * Fp{1152921504338411520ull};
        Fp v18 = row.wire(18); Fp v203 = v18 * Fp{1152921504338411520ull};
        Fp v205 = v45 - Fp{18446744069414584320ull}; Fp v206 = scaled(v203, 7u); Fp v207 = v200 * v206;
        Fp v208 = multiply_add(v198, v202, v207); Fp v209 = v198 * v203; Fp v210 = multiply_add(v200, v202, v209);
        Fp v211 = scaled(v195, 7u); Fp v212 = multiply_add(v46, v211, v208); Fp v213 = multiply_add(v193, v205, v212);
        Fp v214 = multiply_add(v195, v205, v210); Fp v215 = multiply_add(v46, v193, v214); Fp v216 = scaled(v200, 7u);
        Fp v217 = v46 * v216; Fp v218 = multiply_add(v198, v205, v217); Fp v219 = v200 * v205;
        Fp v220 = multiply_add(v46, v198, v219); Fp v19 = row.wire(19); Fp v222 = v19 * Fp{18446744069414584065ull};
        Fp v20 = row.wire(20); Fp v223 = v20 * Fp{18446744069414584065ull};
        Fp v225 = v45 - Fp{18446744069414580225ull}; Fp v226 = scaled(v223, 7u); Fp v227 = v220 * v226;
        Fp v228 = multiply_add(v218, v222, v227); Fp v229 = v218 * v223; Fp v230 = multiply_add(v220, v222, v229);
        Fp v231 = scaled(v215, 7u); Fp v232 = multiply_add(v46, v231, v228); Fp v233 = multiply_add(v213, v225, v232);
        Fp v234 = multiply_add(v215, v225, v230); Fp v235 = multiply_add(v46, v213, v234); Fp v236 = scaled(v220, 7u);
        Fp v237 = v46 * v236; Fp v238 = multiply_add(v218, v225, v237); Fp v239 = v220 * v225;
        Fp v240 = multiply_add(v46, v218, v239); Fp v21 = row.wire(21); Fp v242 = v21 * Fp{18446744069413535745ull};
        Fp v22 = row.wire(22); Fp v243 = v22 * Fp{18446744069413535745ull};
        Fp v245 = v45 - Fp{18446744069397807105ull}; Fp v246 = scaled(v243, 7u); Fp v247 = v240 * v246;
        Fp v248 = multiply_add(v238, v242, v247); Fp v249 = v238 * v243; Fp v250 = multiply_add(v240, v242, v249);
        Fp v251 = scaled(v235, 7u); Fp v252 = multiply_add(v46, v251, v248); Fp v253 = multiply_add(v233, v245, v252);
        Fp v254 = multiply_add(v235, v245, v250); Fp v255 = multiply_add(v46, v233, v254); Fp v256 = scaled(v240, 7u);
        Fp v257 = v46 * v256; Fp v258 = multiply_add(v238, v245, v257); Fp v259 = v240 * v245;
        Fp v260 = multiply_add(v46, v238, v259); Fp v39 = row.wire(39); Fp v261 = v39 - v253; terms(6, v261);
        Fp v40 = row.wire(40); Fp v262 = v40 - v255; terms(7, v262); Fp v43 = row.wire(43); Fp v263 = v43 - v258;
        terms(8, v263); Fp v44 = row.wire(44); Fp v264 = v44 - v260; terms(9, v264); Fp v23 = row.wire(23);
        Fp v266 = v23 * Fp{18446744065119617025ull}; Fp v24 = row.wire(24);
        Fp v267 = v24 * Fp{18446744065119617025ull}; Fp v269 = v45 - Fp{18446744000695107585ull};
        Fp v270 = scaled(v267, 7u); Fp v271 = v44 * v270; Fp v272 = multiply_add(v43, v266, v271);
        Fp v273 = v43 * v267; Fp v274 = multiply_add(v44, v266, v273); Fp v275 = scaled(v40, 7u);
        Fp v276 = multiply_add(v46, v275, v272); Fp v277 = multiply_add(v39, v269, v276);
        Fp v278 = multiply_add(v40, v269, v274); Fp v279 = multiply_add(v39, v46, v278); Fp v280 = scaled(v44, 7u);
        Fp v281 = v46 * v280; Fp v282 = multiply_add(v43, v269, v281); Fp v283 = v44 * v269;
        Fp v284 = multiply_add(v43, v46, v283); Fp v25 = row.wire(25); Fp v286 = v25 * Fp{18446726477228539905ull};
        Fp v26 = row.wire(26); Fp v287 = v26 * Fp{18446726477228539905ull};
        Fp v289 = v45 - Fp{18446462594437873665ull}; Fp v290 = scaled(v287, 7u); Fp v291 = v284 * v290;
        Fp v292 = multiply_add(v282, v286, v291); Fp v293 = v282 * v287; Fp v294 = multiply_add(v284, v286, v293);
        Fp v295 = scaled(v279, 7u); Fp v296 = multiply_add(v46, v295, v292); Fp v297 = multiply_add(v277, v289, v296);
        Fp v298 = multiply_add(v279, v289, v294); Fp v299 = multiply_add(v46, v277, v298); Fp v300 = scaled(v284, 7u);
        Fp v301 = v46 * v300; Fp v302 = multiply_add(v282, v289, v301); Fp v303 = v284 * v289;
        Fp v304 = multiply_add(v46, v282, v303); Fp v27 = row.wire(27); Fp v306 = v27 * Fp{18374686475376656385ull};
        Fp v28 = row.wire(28); Fp v307 = v28 * Fp{18374686475376656385ull};
        Fp v309 = v45 - Fp{17293822564807737345ull}; Fp v310 = scaled(v307, 7u); Fp v311 = v304 * v310;
        Fp v312 = multiply_add(v302, v306, v311); Fp v313 = v302 * v307; Fp v314 = multiply_add(v304, v306, v313);
        Fp v315 = scaled(v299, 7u); Fp v316 = multiply_add(v46, v315, v312); Fp v317 = multiply_add(v297, v309, v316);
        Fp v318 = multiply_add(v299, v309, v314); Fp v319 = multiply_add(v46, v297, v318); Fp v320 = scaled(v304, 7u);
        Fp v321 = v46 * v320; Fp v322 = multiply_add(v302, v309, v321); Fp v323 = v304 * v309;
        Fp v324 = multiply_add(v46, v302, v323); Fp v29 = row.wire(29); Fp v326 = v29 * Fp{18446744000695107601ull};
        Fp v30 = row.wire(30); Fp v327 = v30 * Fp{18446744000695107601ull};
        Fp v329 = v45 - Fp{18446742969902956801ull}; Fp v330 = scaled(v327, 7u); Fp v331 = v324 * v330;
        Fp v332 = multiply_add(v322, v326, v331); Fp v333 = v322 * v327; Fp v334 = multiply_add(v324, v326, v333);
        Fp v335 = scaled(v319, 7u); Fp v336 = multiply_add(v46, v335, v332); Fp v337 = multiply_add(v317, v329, v336);
        Fp v338 = multiply_add(v319, v329, v334); Fp v339 = multiply_add(v46, v317, v338); Fp v340 = scaled(v324, 7u);
        Fp v341 = v46 * v340; Fp v342 = multiply_add(v322, v329, v341); Fp v343 = v324 * v329;
        Fp v344 = multiply_add(v46, v322, v343); Fp v31 = row.wire(31); Fp v346 = v31 * Fp{18446462594437939201ull};
        Fp v32 = row.wire(32); Fp v347 = v32 * Fp{18446462594437939201ull};
        Fp v349 = v45 - Fp{18442240469788262401ull}; Fp v350 = scaled(v347, 7u); Fp v351 = v344 * v350;
        Fp v352 = multiply_add(v342, v346, v351); Fp v353 = v342 * v347; Fp v354 = multiply_add(v344, v346, v353);
        Fp v355 = scaled(v339, 7u); Fp v356 = multiply_add(v46, v355, v352); Fp v357 = multiply_add(v337, v349, v356);
        Fp v358 = multiply_add(v339, v349, v354); Fp v359 = multiply_add(v46, v337, v358); Fp v35 = row.wire(35);
        Fp v360 = v35 - v357; terms(10, v360); Fp v36 = row.wire(36); Fp v361 = v36 - v359; terms(11, v361);
    }
};

__global__ void __launch_bounds__(BLOCK, BLOCKS_OF_GATES) gate_interpolation(const Quotient quotient, const Selection selection)
{
    add_gate(quotient, selection, gate_interpolation_constraints());
}
} // namespace KERNELS

using namespace KERNELS;

ENTRY(gate_interpolation)(cudaStream_t stream, const Quotient* quotient, u32 proofs, const Selection* selection)
{
    LAUNCH(gate_interpolation, over_points(*quotient, proofs), BLOCK, 0, stream, *quotient, *selection);
    return LAUNCHED();
}
