// ReducingExtensionGate { num_coeffs: 32 }: made of what the processor evaluates, by the test `gate_kernels` of ashlar-plonky2. Not to be edited.
#include "quotient.cuh"

namespace KERNELS {
struct gate_reducing_extension_constraints {
    DEVICE void evaluate(const Row& row, Terms& terms) const
    {
        Fp v5 = row.wire(5); Fp v133 = scaled(v5, 7u); Fp v3 = row.wire(3); Fp v6 = row.wire(6);
        Fp v134 = multiply_add(v3, v133, v6); Fp v2 = row.wire(2); Fp v4 = row.wire(4);
        Fp v135 = multiply_add(v2, v4, v134); Fp v7 = row.wire(7); Fp v136 = multiply_add(v2, v5, v7);
        Fp v137 = multiply_add(v3, v4, v136); Fp v70 = row.wire(70); Fp v138 = v135 - v70; terms(0, v138);
        Fp v71 = row.wire(71); Fp v139 = v137 - v71; terms(1, v139); Fp v140 = scaled(v71, 7u); Fp v8 = row.wire(8);
        Fp v141 = multiply_add(v3, v140, v8); Fp v142 = multiply_add(v2, v70, v141); Fp v9 = row.wire(9);
        Fp v143 = multiply_add(v2, v71, v9); Fp v144 = multiply_add(v3, v70, v143); Fp v72 = row.wire(72);
        Fp v145 = v142 - v72; terms(2, v145); Fp v73 = row.wire(73); Fp v146 = v144 - v73; terms(3, v146);
        Fp v147 = scaled(v73, 7u); Fp v10 = row.wire(10); Fp v148 = multiply_add(v3, v147, v10);
        Fp v149 = multiply_add(v2, v72, v148); Fp v11 = row.wire(11); Fp v150 = multiply_add(v2, v73, v11);
        Fp v151 = multiply_add(v3, v72, v150); Fp v74 = row.wire(74); Fp v152 = v149 - v74; terms(4, v152);
        Fp v75 = row.wire(75); Fp v153 = v151 - v75; terms(5, v153); Fp v154 = scaled(v75, 7u); Fp v12 = row.wire(12);
        Fp v155 = multiply_add(v3, v154, v12); Fp v156 = multiply_add(v2, v74, v155); Fp v13 = row.wire(13);
        Fp v157 = multiply_add(v2, v75, v13); Fp v158 = multiply_add(v3, v74, v157); Fp v76 = row.wire(76);
        Fp v159 = v156 - v76; terms(6, v159); Fp v77 = row.wire(77); Fp v160 = v158 - v77; terms(7, v160);
        Fp v161 = scaled(v77, 7u); Fp v14 = row.wire(14); Fp v162 = multiply_add(v3, v161, v14);
        Fp v163 = multiply_add(v2, v76, v162); Fp v15 = row.wire(15); Fp v164 = multiply_add(v2, v77, v15);
        Fp v165 = multiply_add(v3, v76, v164); Fp v78 = row.wire(78); Fp v166 = v163 - v78; terms(8, v166);
        Fp v79 = row.wire(79); Fp v167 = v165 - v79; terms(9, v167); Fp v168 = scaled(v79, 7u); Fp v16 = row.wire(16);
        Fp v169 = multiply_add(v3, v168, v16); Fp v170 = multiply_add(v2, v78, v169); Fp v17 = row.wire(17);
        Fp v171 = multiply_add(v2, v79, v17); Fp v172 = multiply_add(v3, v78, v171); Fp v80 = row.wire(80);
        Fp v173 = v170 - v80; terms(10, v173); Fp v81 = row.wire(81); Fp v174 = v172 - v81; terms(11, v174);
        Fp v175 = scaled(v81, 7u); Fp v18 = row.wire(18); Fp v176 = multiply_add(v3, v175, v18);
        Fp v177 = multiply_add(v2, v80, v176); Fp v19 = row.wire(19); Fp v178 = multiply_add(v2, v81, v19);
        Fp v179 = multiply_add(v3, v80, v178); Fp v82 = row.wire(82); Fp v180 = v177 - v82; terms(12, v180);
        Fp v83 = row.wire(83); Fp v181 = v179 - v83; terms(13, v181); Fp v182 = scaled(v83, 7u);
        Fp v20 = row.wire(20); Fp v183 = multiply_add(v3, v182, v20); Fp v184 = multiply_add(v2, v82, v183);
        Fp v21 = row.wire(21); Fp v185 = multiply_add(v2, v83, v21); Fp v186 = multiply_add(v3, v82, v185);
        Fp v84 = row.wire(84); Fp v187 = v184 - v84; terms(14, v187); Fp v85 = row.wire(85); Fp v188 = v186 - v85;
        terms(15, v188); Fp v189 = scaled(v85, 7u); Fp v22 = row.wire(22); Fp v190 = multiply_add(v3, v189, v22);
        Fp v191 = multiply_add(v2, v84, v190); Fp v23 = row.wire(23); Fp v192 = multiply_add(v2, v85, v23);
        Fp v193 = multiply_add(v3, v84, v192); Fp v86 = row.wire(86); Fp v194 = v191 - v86; terms(16, v194);
        Fp v87 = row.wire(87); Fp v195 = v193 - v87; terms(17, v195); Fp v196 = scaled(v87, 7u);
        Fp v24 = row.wire(24); Fp v197 = multiply_add(v3, v196, v24); Fp v198 = multiply_add(v2, v86, v197);
        Fp v25 = row.wire(25); Fp v199 = multiply_add(v2, v87, v25); Fp v200 = multiply_add(v3, v86, v199);
        Fp v88 = row.wire(88); Fp v201 = v198 - v88; terms(18, v201); Fp v89 = row.wire(89); Fp v202 = v200 - v89;
        terms(19, v202); Fp v203 = scaled(v89, 7u); Fp v26 = row.wire(26); Fp v204 = multiply_add(v3, v203, v26);
        Fp v205 = multiply_add(v2, v88, v204); Fp v27 = row.wire(27); Fp v206 = multiply_add(v2, v89, v27);
        Fp v207 = multiply_add(v3, v88, v206); Fp v90 = row.wire(90); Fp v208 = v205 - v90; terms(20, v208);
        Fp v91 = row.wire(91); Fp v209 = v207 - v91; terms(21, v209); Fp v210 = scaled(v91, 7u);
        Fp v28 = row.wire(28); Fp v211 = multiply_add(v3, v210, v28); Fp v212 = multiply_add(v2, v90, v211);
        Fp v29 = row.wire(29); Fp v213 = multiply_add(v2, v91, v29); Fp v214 = multiply_add(v3, v90, v213);
        Fp v92 = row.wire(92); Fp v215 = v212 - v92; terms(22, v215); Fp v93 = row.wire(93); Fp v216 = v214 - v93;
        terms(23, v216); Fp v217 = scaled(v93, 7u); Fp v30 = row.wire(30); Fp v218 = multiply_add(v3, v217, v30);
        Fp v219 = multiply_add(v2, v92, v218); Fp v31 = row.wire(31); Fp v220 = multiply_add(v2, v93, v31);
        Fp v221 = multiply_add(v3, v92, v220); Fp v94 = row.wire(94); Fp v222 = v219 - v94; terms(24, v222);
        Fp v95 = row.wire(95); Fp v223 = v221 - v95; terms(25, v223); Fp v224 = scaled(v95, 7u);
        Fp v32 = row.wire(32); Fp v225 = multiply_add(v3, v224, v32); Fp v226 = multiply_add(v2, v94, v225);
        Fp v33 = row.wire(33); Fp v227 = multiply_add(v2, v95, v33); Fp v228 = multiply_add(v3, v94, v227);
        Fp v96 = row.wire(96); Fp v229 = v226 - v96; terms(26, v229); Fp v97 = row.wire(97); Fp v230 = v228 - v97;
        terms(27, v230); Fp v231 = scaled(v97, 7u); Fp v34 = row.wire(34); Fp v232 = multiply_add(v3, v231, v34);
        Fp v233 = multiply_add(v2, v96, v232); Fp v35 = row.wire(35); Fp v234 = multiply_add(v2, v97, v35);
        Fp v235 = multiply_add(v3, v96, v234); Fp v98 = row.wire(98); Fp v236 = v233 - v98; terms(28, v236);
        Fp v99 = row.wire(99); Fp v237 = v235 - v99; terms(29, v237); Fp v238 = scaled(v99, 7u);
        Fp v36 = row.wire(36); Fp v239 = multiply_add(v3, v238, v36); Fp v240 = multiply_add(v2, v98, v239);
        Fp v37 = row.wire(37); Fp v241 = multiply_add(v2, v99, v37); Fp v242 = multiply_add(v3, v98, v241);
        Fp v100 = row.wire(100); Fp v243 = v240 - v100; terms(30, v243); Fp v101 = row.wire(101);
        Fp v244 = v242 - v101; terms(31, v244); Fp v245 = scaled(v101, 7u); Fp v38 = row.wire(38);
        Fp v246 = multiply_add(v3, v245, v38); Fp v247 = multiply_add(v2, v100, v246); Fp v39 = row.wire(39);
        Fp v248 = multiply_add(v2, v101, v39); Fp v249 = multiply_add(v3, v100, v248); Fp v102 = row.wire(102);
        Fp v250 = v247 - v102; terms(32, v250); Fp v103 = row.wire(103); Fp v251 = v249 - v103; terms(33, v251);
        Fp v252 = scaled(v103, 7u); Fp v40 = row.wire(40); Fp v253 = multiply_add(v3, v252, v40);
        Fp v254 = multiply_add(v2, v102, v253); Fp v41 = row.wire(41); Fp v255 = multiply_add(v2, v103, v41);
        Fp v256 = multiply_add(v3, v102, v255); Fp v104 = row.wire(104); Fp v257 = v254 - v104; terms(34, v257);
        Fp v105 = row.wire(105); Fp v258 = v256 - v105; terms(35, v258); Fp v259 = scaled(v105, 7u);
        Fp v42 = row.wire(42); Fp v260 = multiply_add(v3, v259, v42); Fp v261 = multiply_add(v2, v104, v260);
        Fp v43 = row.wire(43); Fp v262 = multiply_add(v2, v105, v43); Fp v263 = multiply_add(v3, v104, v262);
        Fp v106 = row.wire(106); Fp v264 = v261 - v106; terms(36, v264); Fp v107 = row.wire(107);
        Fp v265 = v263 - v107; terms(37, v265); Fp v266 = scaled(v107, 7u); Fp v44 = row.wire(44);
        Fp v267 = multiply_add(v3, v266, v44); Fp v268 = multiply_add(v2, v106, v267); Fp v45 = row.wire(45);
        Fp v269 = multiply_add(v2, v107, v45); Fp v270 = multiply_add(v3, v106, v269); Fp v108 = row.wire(108);
        Fp v271 = v268 - v108; terms(38, v271); Fp v109 = row.wire(109); Fp v272 = v270 - v109; terms(39, v272);
        Fp v273 = scaled(v109, 7u); Fp v46 = row.wire(46); Fp v274 = multiply_add(v3, v273, v46);
        Fp v275 = multiply_add(v2, v108, v274); Fp v47 = row.wire(47); Fp v276 = multiply_add(v2, v109, v47);
        Fp v277 = multiply_add(v3, v108, v276); Fp v110 = row.wire(110); Fp v278 = v275 - v110; terms(40, v278);
        Fp v111 = row.wire(111); Fp v279 = v277 - v111; terms(41, v279); Fp v280 = scaled(v111, 7u);
        Fp v48 = row.wire(48); Fp v281 = multiply_add(v3, v280, v48); Fp v282 = multiply_add(v2, v110, v281);
        Fp v49 = row.wire(49); Fp v283 = multiply_add(v2, v111, v49); Fp v284 = multiply_add(v3, v110, v283);
        Fp v112 = row.wire(112); Fp v285 = v282 - v112; terms(42, v285); Fp v113 = row.wire(113);
        Fp v286 = v284 - v113; terms(43, v286); Fp v287 = scaled(v113, 7u); Fp v50 = row.wire(50);
        Fp v288 = multiply_add(v3, v287, v50); Fp v289 = multiply_add(v2, v112, v288); Fp v51 = row.wire(51);
        Fp v290 = multiply_add(v2, v113, v51); Fp v291 = multiply_add(v3, v112, v290); Fp v114 = row.wire(114);
        Fp v292 = v289 - v114; terms(44, v292); Fp v115 = row.wire(115); Fp v293 = v291 - v115; terms(45, v293);
        Fp v294 = scaled(v115, 7u); Fp v52 = row.wire(52); Fp v295 = multiply_add(v3, v294, v52);
        Fp v296 = multiply_add(v2, v114, v295); Fp v53 = row.wire(53); Fp v297 = multiply_add(v2, v115, v53);
        Fp v298 = multiply_add(v3, v114, v297); Fp v116 = row.wire(116); Fp v299 = v296 - v116; terms(46, v299);
        Fp v117 = row.wire(117); Fp v300 = v298 - v117; terms(47, v300); Fp v301 = scaled(v117, 7u);
        Fp v54 = row.wire(54); Fp v302 = multiply_add(v3, v301, v54); Fp v303 = multiply_add(v2, v116, v302);
        Fp v55 = row.wire(55); Fp v304 = multiply_add(v2, v117, v55); Fp v305 = multiply_add(v3, v116, v304);
        Fp v118 = row.wire(118); Fp v306 = v303 - v118; terms(48, v306); Fp v119 = row.wire(119);
        Fp v307 = v305 - v119; terms(49, v307); Fp v308 = scaled(v119, 7u); Fp v56 = row.wire(56);
        Fp v309 = multiply_add(v3, v308, v56); Fp v310 = multiply_add(v2, v118, v309); Fp v57 = row.wire(57);
        Fp v311 = multiply_add(v2, v119, v57); Fp v312 = multiply_add(v3, v118, v311); Fp v120 = row.wire(120);
        Fp v313 = v310 - v120; terms(50, v313); Fp v121 = row.wire(121); Fp v314 = v312 - v121; terms(51, v314);
        Fp v315 = scaled(v121, 7u); Fp v58 = row.wire(58); Fp v316 = multiply_add(v3, v315, v58);
        Fp v317 = multiply_add(v2, v120, v316); Fp v59 = row.wire(59); Fp v318 = multiply_add(v2, v121, v59);
        Fp v319 = multiply_add(v3, v120, v318); Fp v122 = row.wire(122); Fp v320 = v317 - v122; terms(52, v320);
        Fp v123 = row.wire(123); Fp v321 = v319 - v123; terms(53, v321); Fp v322 = scaled(v123, 7u);
        Fp v60 = row.wire(60); Fp v323 = multiply_add(v3, v322, v60); Fp v324 = multiply_add(v2, v122, v323);
        Fp v61 = row.wire(61); Fp v325 = multiply_add(v2, v123, v61); Fp v326 = multiply_add(v3, v122, v325);
        Fp v124 = row.wire(124); Fp v327 = v324 - v124; terms(54, v327); Fp v125 = row.wire(125);
        Fp v328 = v326 - v125; terms(55, v328); Fp v329 = scaled(v125, 7u); Fp v62 = row.wire(62);
        Fp v330 = multiply_add(v3, v329, v62); Fp v331 = multiply_add(v2, v124, v330); Fp v63 = row.wire(63);
        Fp v332 = multiply_add(v2, v125, v63); Fp v333 = multiply_add(v3, v124, v332); Fp v126 = row.wire(126);
        Fp v334 = v331 - v126; terms(56, v334); Fp v127 = row.wire(127); Fp v335 = v333 - v127; terms(57, v335);
        Fp v336 = scaled(v127, 7u); Fp v64 = row.wire(64); Fp v337 = multiply_add(v3, v336, v64);
        Fp v338 = multiply_add(v2, v126, v337); Fp v65 = row.wire(65); Fp v339 = multiply_add(v2, v127, v65);
        Fp v340 = multiply_add(v3, v126, v339); Fp v128 = row.wire(128); Fp v341 = v338 - v128; terms(58, v341);
        Fp v129 = row.wire(129); Fp v342 = v340 - v129; terms(59, v342); Fp v343 = scaled(v129, 7u);
        Fp v66 = row.wire(66); Fp v344 = multiply_add(v3, v343, v66); Fp v345 = multiply_add(v2, v128, v344);
        Fp v67 = row.wire(67); Fp v346 = multiply_add(v2, v129, v67); Fp v347 = multiply_add(v3, v128, v346);
        Fp v130 = row.wire(130); Fp v348 = v345 - v130; terms(60, v348); Fp v131 = row.wire(131);
        Fp v349 = v347 - v131; terms(61, v349); Fp v350 = scaled(v131, 7u); Fp v68 = row.wire(68);
        Fp v351 = multiply_add(v3, v350, v68); Fp v352 = multiply_add(v2, v130, v351); Fp v69 = row.wire(69);
        Fp v353 = multiply_add(v2, v131, v69); Fp v354 = multiply_add(v3, v130, v353); Fp v0 = row.wire(0);
        Fp v355 = v352 - v0; terms(62, v355); Fp v1 = row.wire(1); Fp v356 = v354 - v1; terms(63, v356);
    }
};

__global__ void __launch_bounds__(BLOCK, BLOCKS_OF_GATES) gate_reducing_extension(const Quotient quotient, const Selection selection)
{
    add_gate(quotient, selection, gate_reducing_extension_constraints());
}
} // namespace KERNELS

using namespace KERNELS;

ENTRY(gate_reducing_extension)(cudaStream_t stream, const Quotient* quotient, u32 proofs, const Selection* selection)
{
    LAUNCH(gate_reducing_extension, over_points(*quotient, proofs), BLOCK, 0, stream, *quotient, *selection);
    return LAUNCHED();
}
