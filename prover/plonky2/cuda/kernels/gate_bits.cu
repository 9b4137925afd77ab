// BaseSumGate { num_limbs: 63 } + Base: 2: made of what the processor evaluates, by the test `gate_kernels` of ashlar-plonky2. Not to be edited.
#include "quotient.cuh"

namespace KERNELS {
struct gate_bits_constraints {
    DEVICE void evaluate(const Row& row, Terms& terms) const
    {
        Fp v63 = row.wire(63); Fp v65 = v63 + v63; Fp v62 = row.wire(62); Fp v66 = v62 + v65; Fp v67 = v66 + v66;
        Fp v61 = row.wire(61); Fp v68 = v61 + v67; Fp v69 = v68 + v68; Fp v60 = row.wire(60); Fp v70 = v60 + v69;
        Fp v71 = v70 + v70; Fp v59 = row.wire(59); Fp v72 = v59 + v71; Fp v73 = v72 + v72; Fp v58 = row.wire(58);
        Fp v74 = v58 + v73; Fp v75 = v74 + v74; Fp v57 = row.wire(57); Fp v76 = v57 + v75; Fp v77 = v76 + v76;
        Fp v56 = row.wire(56); Fp v78 = v56 + v77; Fp v79 = v78 + v78; Fp v55 = row.wire(55); Fp v80 = v55 + v79;
        Fp v81 = v80 + v80; Fp v54 = row.wire(54); Fp v82 = v54 + v81; Fp v83 = v82 + v82; Fp v53 = row.wire(53);
        Fp v84 = v53 + v83; Fp v85 = v84 + v84; Fp v52 = row.wire(52); Fp v86 = v52 + v85; Fp v87 = v86 + v86;
        Fp v51 = row.wire(51); Fp v88 = v51 + v87; Fp v89 = v88 + v88; Fp v50 = row.wire(50); Fp v90 = v50 + v89;
        Fp v91 = v90 + v90; Fp v49 = row.wire(49); Fp v92 = v49 + v91; Fp v93 = v92 + v92; Fp v48 = row.wire(48);
        Fp v94 = v48 + v93; Fp v95 = v94 + v94; Fp v47 = row.wire(47); Fp v96 = v47 + v95; Fp v97 = v96 + v96;
        Fp v46 = row.wire(46); Fp v98 = v46 + v97; Fp v99 = v98 + v98; Fp v45 = row.wire(45); Fp v100 = v45 + v99;
        Fp v101 = v100 + v100; Fp v44 = row.wire(44); Fp v102 = v44 + v101; Fp v103 = v102 + v102;
        Fp v43 = row.wire(43); Fp v104 = v43 + v103; Fp v105 = v104 + v104; Fp v42 = row.wire(42);
        Fp v106 = v42 + v105; Fp v107 = v106 + v106; Fp v41 = row.wire(41); Fp v108 = v41 + v107;
        Fp v109 = v108 + v108; Fp v40 = row.wire(40); Fp v110 = v40 + v109; Fp v111 = v110 + v110;
        Fp v39 = row.wire(39); Fp v112 = v39 + v111; Fp v113 = v112 + v112; Fp v38 = row.wire(38);
        Fp v114 = v38 + v113; Fp v115 = v114 + v114; Fp v37 = row.wire(37); Fp v116 = v37 + v115;
        Fp v117 = v116 + v116; Fp v36 = row.wire(36); Fp v118 = v36 + v117; Fp v119 = v118 + v118;
        Fp v35 = row.wire(35); Fp v120 = v35 + v119; Fp v121 = v120 + v120; Fp v34 = row.wire(34);
        Fp v122 = v34 + v121; Fp v123 = v122 + v122; Fp v33 = row.wire(33); Fp v124 = v33 + v123;
        Fp v125 = v124 + v124; Fp v32 = row.wire(32); Fp v126 = v32 + v125; Fp v127 = v126 + v126;
        Fp v31 = row.wire(31); Fp v128 = v31 + v127; Fp v129 = v128 + v128; Fp v30 = row.wire(30);
        Fp v130 = v30 + v129; Fp v131 = v130 + v130; Fp v29 = row.wire(29); Fp v132 = v29 + v131;
        Fp v133 = v132 + v132; Fp v28 = row.wire(28); Fp v134 = v28 + v133; Fp v135 = v134 + v134;
        Fp v27 = row.wire(27); Fp v136 = v27 + v135; Fp v137 = v136 + v136; Fp v26 = row.wire(26);
        Fp v138 = v26 + v137; Fp v139 = v138 + v138; Fp v25 = row.wire(25); Fp v140 = v25 + v139;
        Fp v141 = v140 + v140; Fp v24 = row.wire(24); Fp v142 = v24 + v141; Fp v143 = v142 + v142;
        Fp v23 = row.wire(23); Fp v144 = v23 + v143; Fp v145 = v144 + v144; Fp v22 = row.wire(22);
        Fp v146 = v22 + v145; Fp v147 = v146 + v146; Fp v21 = row.wire(21); Fp v148 = v21 + v147;
        Fp v149 = v148 + v148; Fp v20 = row.wire(20); Fp v150 = v20 + v149; Fp v151 = v150 + v150;
        Fp v19 = row.wire(19); Fp v152 = v19 + v151; Fp v153 = v152 + v152; Fp v18 = row.wire(18);
        Fp v154 = v18 + v153; Fp v155 = v154 + v154; Fp v17 = row.wire(17); Fp v156 = v17 + v155;
        Fp v157 = v156 + v156; Fp v16 = row.wire(16); Fp v158 = v16 + v157; Fp v159 = v158 + v158;
        Fp v15 = row.wire(15); Fp v160 = v15 + v159; Fp v161 = v160 + v160; Fp v14 = row.wire(14);
        Fp v162 = v14 + v161; Fp v163 = v162 + v162; Fp v13 = row.wire(13); Fp v164 = v13 + v163;
        Fp v165 = v164 + v164; Fp v12 = row.wire(12); Fp v166 = v12 + v165; Fp v167 = v166 + v166;
        Fp v11 = row.wire(11); Fp v168 = v11 + v167; Fp v169 = v168 + v168; Fp v10 = row.wire(10);
        Fp v170 = v10 + v169; Fp v171 = v170 + v170; Fp v9 = row.wire(9); Fp v172 = v9 + v171; Fp v173 = v172 + v172;
        Fp v8 = row.wire(8); Fp v174 = v8 + v173; Fp v175 = v174 + v174; Fp v7 = row.wire(7); Fp v176 = v7 + v175;
        Fp v177 = v176 + v176; Fp v6 = row.wire(6); Fp v178 = v6 + v177; Fp v179 = v178 + v178; Fp v5 = row.wire(5);
        Fp v180 = v5 + v179; Fp v181 = v180 + v180; Fp v4 = row.wire(4); Fp v182 = v4 + v181; Fp v183 = v182 + v182;
        Fp v3 = row.wire(3); Fp v184 = v3 + v183; Fp v185 = v184 + v184; Fp v2 = row.wire(2); Fp v186 = v2 + v185;
        Fp v187 = v186 + v186; Fp v1 = row.wire(1); Fp v188 = v1 + v187; Fp v0 = row.wire(0); Fp v189 = v188 - v0;
        terms(0, v189); Fp v190 = v1 - Fp{1ull}; Fp v191 = v1 * v190; terms(1, v191); Fp v192 = v2 - Fp{1ull};
        Fp v193 = v2 * v192; terms(2, v193); Fp v194 = v3 - Fp{1ull}; Fp v195 = v3 * v194; terms(3, v195);
        Fp v196 = v4 - Fp{1ull}; Fp v197 = v4 * v196; terms(4, v197); Fp v198 = v5 - Fp{1ull}; Fp v199 = v5 * v198;
        terms(5, v199); Fp v200 = v6 - Fp{1ull}; Fp v201 = v6 * v200; terms(6, v201); v7 = row.wire_again(7);
        Fp v202 = v7 - Fp{1ull}; Fp v203 = v7 * v202; terms(7, v203); v8 = row.wire_again(8); Fp v204 = v8 - Fp{1ull};
        Fp v205 = v8 * v204; terms(8, v205); v9 = row.wire_again(9); Fp v206 = v9 - Fp{1ull}; Fp v207 = v9 * v206;
        terms(9, v207); v10 = row.wire_again(10); Fp v208 = v10 - Fp{1ull}; Fp v209 = v10 * v208; terms(10, v209);
        v11 = row.wire_again(11); Fp v210 = v11 - Fp{1ull}; Fp v211 = v11 * v210; terms(11, v211);
        v12 = row.wire_again(12); Fp v212 = v12 - Fp{1ull}; Fp v213 = v12 * v212; terms(12, v213);
        v13 = row.wire_again(13); Fp v214 = v13 - Fp{1ull}; Fp v215 = v13 * v214; terms(13, v215);
        v14 = row.wire_again(14); Fp v216 = v14 - Fp{1ull}; Fp v217 = v14 * v216; terms(14, v217);
        v15 = row.wire_again(15); Fp v218 = v15 - Fp{1ull}; Fp v219 = v15 * v218; terms(15, v219);
        v16 = row.wire_again(16); Fp v220 = v16 - Fp{1ull}; Fp v221 = v16 * v220; terms(16, v221);
        v17 = row.wire_again(17); Fp v222 = v17 - Fp{1ull}; Fp v223 = v17 * v222; terms(17, v223);
        v18 = row.wire_again(18); Fp v224 = v18 - Fp{1ull}; Fp v225 = v18 * v224; terms(18, v225);
        v19 = row.wire_again(19); Fp v226 = v19 - Fp{1ull}; Fp v227 = v19 * v226; terms(19, v227);
        v20 = row.wire_again(20); Fp v228 = v20 - Fp{1ull}; Fp v229 = v20 * v228; terms(20, v229);
        v21 = row.wire_again(21); Fp v230 = v21 - Fp{1ull}; Fp v231 = v21 * v230; terms(21, v231);
        v22 = row.wire_again(22); Fp v232 = v22 - Fp{1ull}; Fp v233 = v22 * v232; terms(22, v233);
        v23 = row.wire_again(23); Fp v234 = v23 - Fp{1ull}; Fp v235 = v23 * v234; terms(23, v235);
        v24 = row.wire_again(24); Fp v236 = v24 - Fp{1ull}; Fp v237 = v24 * v236; terms(24, v237);
        v25 = row.wire_again(25); Fp v238 = v25 - Fp{1ull}; Fp v239 = v25 * v238; terms(25, v239);
        v26 = row.wire_again(26); Fp v240 = v26 - Fp{1ull}; Fp v241 = v26 * v240; terms(26, v241);
        v27 = row.wire_again(27); Fp v242 = v27 - Fp{1ull}; Fp v243 = v27 * v242; terms(27, v243);
        v28 = row.wire_again(28); Fp v244 = v28 - Fp{1ull}; Fp v245 = v28 * v244; terms(28, v245);
        v29 = row.wire_again(29); Fp v246 = v29 - Fp{1ull}; Fp v247 = v29 * v246; terms(29, v247);
        v30 = row.wire_again(30); Fp v248 = v30 - Fp{1ull}; Fp v249 = v30 * v248; terms(30, v249);
        v31 = row.wire_again(31); Fp v250 = v31 - Fp{1ull}; Fp v251 = v31 * v250; terms(31, v251);
        v32 = row.wire_again(32); Fp v252 = v32 - Fp{1ull}; Fp v253 = v32 * v252; terms(32, v253);
        v33 = row.wire_again(33); Fp v254 = v33 - Fp{1ull}; Fp v255 = v33 * v254; terms(33, v255);
        v34 = row.wire_again(34); Fp v256 = v34 - Fp{1ull}; Fp v257 = v34 * v256; terms(34, v257);
        v35 = row.wire_again(35); Fp v258 = v35 - Fp{1ull}; Fp v259 = v35 * v258; terms(35, v259);
        v36 = row.wire_again(36); Fp v260 = v36 - Fp{1ull}; Fp v261 = v36 * v260; terms(36, v261);
        v37 = row.wire_again(37); Fp v262 = v37 - Fp{1ull}; Fp v263 = v37 * v262; terms(37, v263);
        v38 = row.wire_again(38); Fp v264 = v38 - Fp{1ull}; Fp v265 = v38 * v264; terms(38, v265);
        v39 = row.wire_again(39); Fp v266 = v39 - Fp{1ull}; Fp v267 = v39 * v266; terms(39, v267);
        v40 = row.wire_again(40); Fp v268 = v40 - Fp{1ull}; Fp v269 = v40 * v268; terms(40, v269);
        v41 = row.wire_again(41); Fp v270 = v41 - Fp{1ull}; Fp v271 = v41 * v270; terms(41, v271);
        v42 = row.wire_again(42); Fp v272 = v42 - Fp{1ull}; Fp v273 = v42 * v272; terms(42, v273);
        v43 = row.wire_again(43); Fp v274 = v43 - Fp{1ull}; Fp v275 = v43 * v274; terms(43, v275);
        v44 = row.wire_again(44); Fp v276 = v44 - Fp{1ull}; Fp v277 = v44 * v276; terms(44, v277);
        v45 = row.wire_again(45); Fp v278 = v45 - Fp{1ull}; Fp v279 = v45 * v278; terms(45, v279);
        v46 = row.wire_again(46); Fp v280 = v46 - Fp{1ull}; Fp v281 = v46 * v280; terms(46, v281);
        v47 = row.wire_again(47); Fp v282 = v47 - Fp{1ull}; Fp v283 = v47 * v282; terms(47, v283);
        v48 = row.wire_again(48); Fp v284 = v48 - Fp{1ull}; Fp v285 = v48 * v284; terms(48, v285);
        v49 = row.wire_again(49); Fp v286 = v49 - Fp{1ull}; Fp v287 = v49 * v286; terms(49, v287);
        v50 = row.wire_again(50); Fp v288 = v50 - Fp{1ull}; Fp v289 = v50 * v288; terms(50, v289);
        v51 = row.wire_again(51); Fp v290 = v51 - Fp{1ull}; Fp v291 = v51 * v290; terms(51, v291);
        v52 = row.wire_again(52); Fp v292 = v52 - Fp{1ull}; Fp v293 = v52 * v292; terms(52, v293);
        v53 = row.wire_again(53); Fp v294 = v53 - Fp{1ull}; Fp v295 = v53 * v294; terms(53, v295);
        v54 = row.wire_again(54); Fp v296 = v54 - Fp{1ull}; Fp v297 = v54 * v296; terms(54, v297);
        v55 = row.wire_again(55); Fp v298 = v55 - Fp{1ull}; Fp v299 = v55 * v298; terms(55, v299);
        v56 = row.wire_again(56); Fp v300 = v56 - Fp{1ull}; Fp v301 = v56 * v300; terms(56, v301);
        v57 = row.wire_again(57); Fp v302 = v57 - Fp{1ull}; Fp v303 = v57 * v302; terms(57, v303);
        v58 = row.wire_again(58); Fp v304 = v58 - Fp{1ull}; Fp v305 = v58 * v304; terms(58, v305);
        v59 = row.wire_again(59); Fp v306 = v59 - Fp{1ull}; Fp v307 = v59 * v306; terms(59, v307);
        v60 = row.wire_again(60); Fp v308 = v60 - Fp{1ull}; Fp v309 = v60 * v308; terms(60, v309);
        v61 = row.wire_again(61); Fp v310 = v61 - Fp{1ull}; Fp v311 = v61 * v310; terms(61, v311);
        v62 = row.wire_again(62); Fp v312 = v62 - Fp{1ull}; Fp v313 = v62 * v312; terms(62, v313);
        v63 = row.wire_again(63); Fp v314 = v63 - Fp{1ull}; Fp v315 = v63 * v314; terms(63, v315);
    }
};

__global__ void __launch_bounds__(BLOCK, BLOCKS_OF_GATES) gate_bits(const Quotient quotient, const Selection selection)
{
    add_gate(quotient, selection, gate_bits_constraints());
}
} // namespace KERNELS

using namespace KERNELS;

ENTRY(gate_bits)(cudaStream_t stream, const Quotient* quotient, u32 proofs, const Selection* selection)
{
    LAUNCH(gate_bits, over_points(*quotient, proofs), BLOCK, 0, stream, *quotient, *selection);
    return LAUNCHED();
}
