// RandomAccessGate { bits: 4, num_copies: 4, num_extra_constants: 2, _phantom: PhantomData<plonky2_field::goldilocks_field::GoldilocksField> }<D=2>: made of what the processor evaluates, by the test `gate_kernels` of ashlar-plonky2. Not to be edited.
#include "quotient.cuh"

namespace KERNELS {
struct gate_random_access_constraints {
    DEVICE void evaluate(const Row& row, Terms& terms) const
    {
        Fp v74 = row.wire(74); Fp v93 = v74 - Fp{1ull}; Fp v94 = v74 * v93; terms(0, v94); Fp v75 = row.wire(75);
        Fp v95 = v75 - Fp{1ull}; Fp v96 = v75 * v95; terms(1, v96); Fp v76 = row.wire(76); Fp v97 = v76 - Fp{1ull};
        Fp v98 = v76 * v97; terms(2, v98); Fp v77 = row.wire(77); Fp v99 = v77 - Fp{1ull}; Fp v100 = v77 * v99;
        terms(3, v100); Fp v101 = v77 + v77; Fp v102 = v76 + v101; Fp v103 = v102 + v102; Fp v104 = v75 + v103;
        Fp v105 = v104 + v104; Fp v106 = v74 + v105; Fp v0 = row.wire(0); Fp v107 = v106 - v0; terms(4, v107);
        Fp v3 = row.wire(3); Fp v2 = row.wire(2); Fp v108 = v3 - v2; Fp v109 = multiply_add(v74, v108, v2);
        Fp v5 = row.wire(5); Fp v4 = row.wire(4); Fp v110 = v5 - v4; Fp v111 = multiply_add(v74, v110, v4);
        Fp v7 = row.wire(7); Fp v6 = row.wire(6); Fp v112 = v7 - v6; Fp v113 = multiply_add(v74, v112, v6);
        Fp v9 = row.wire(9); Fp v8 = row.wire(8); Fp v114 = v9 - v8; Fp v115 = multiply_add(v74, v114, v8);
        Fp v11 = row.wire(11); Fp v10 = row.wire(10); Fp v116 = v11 - v10; Fp v117 = multiply_add(v74, v116, v10);
        Fp v13 = row.wire(13); Fp v12 = row.wire(12); Fp v118 = v13 - v12; Fp v119 = multiply_add(v74, v118, v12);
        Fp v15 = row.wire(15); Fp v14 = row.wire(14); Fp v120 = v15 - v14; Fp v121 = multiply_add(v74, v120, v14);
        Fp v17 = row.wire(17); Fp v16 = row.wire(16); Fp v122 = v17 - v16; Fp v123 = multiply_add(v74, v122, v16);
        Fp v124 = v111 - v109; Fp v125 = multiply_add(v75, v124, v109); Fp v126 = v115 - v113;
        Fp v127 = multiply_add(v75, v126, v113); Fp v128 = v119 - v117; Fp v129 = multiply_add(v75, v128, v117);
        Fp v130 = v123 - v121; Fp v131 = multiply_add(v75, v130, v121); Fp v132 = v127 - v125;
        v76 = row.wire_again(76); Fp v133 = multiply_add(v76, v132, v125); Fp v134 = v131 - v129;
        Fp v135 = multiply_add(v76, v134, v129); Fp v136 = v135 - v133; v77 = row.wire_again(77);
        Fp v137 = multiply_add(v77, v136, v133); Fp v1 = row.wire(1); Fp v138 = v137 - v1; terms(5, v138);
        Fp v78 = row.wire(78); Fp v139 = v78 - Fp{1ull}; Fp v140 = v78 * v139; terms(6, v140); Fp v79 = row.wire(79);
        Fp v141 = v79 - Fp{1ull}; Fp v142 = v79 * v141; terms(7, v142); Fp v80 = row.wire(80);
        Fp v143 = v80 - Fp{1ull}; Fp v144 = v80 * v143; terms(8, v144); Fp v81 = row.wire(81);
        Fp v145 = v81 - Fp{1ull}; Fp v146 = v81 * v145; terms(9, v146); Fp v147 = v81 + v81; Fp v148 = v80 + v147;
        Fp v149 = v148 + v148; Fp v150 = v79 + v149; Fp v151 = v150 + v150; Fp v152 = v78 + v151;
        Fp v18 = row.wire(18); Fp v153 = v152 - v18; terms(10, v153); Fp v21 = row.wire(21); Fp v20 = row.wire(20);
        Fp v154 = v21 - v20; Fp v155 = multiply_add(v78, v154, v20); Fp v23 = row.wire(23); Fp v22 = row.wire(22);
        Fp v156 = v23 - v22; Fp v157 = multiply_add(v78, v156, v22); Fp v25 = row.wire(25); Fp v24 = row.wire(24);
        Fp v158 = v25 - v24; Fp v159 = multiply_add(v78, v158, v24); Fp v27 = row.wire(27); Fp v26 = row.wire(26);
        Fp v160 = v27 - v26; Fp v161 = multiply_add(v78, v160, v26); Fp v29 = row.wire(29); Fp v28 = row.wire(28);
        Fp v162 = v29 - v28; Fp v163 = multiply_add(v78, v162, v28); Fp v31 = row.wire(31); Fp v30 = row.wire(30);
        Fp v164 = v31 - v30; Fp v165 = multiply_add(v78, v164, v30); Fp v33 = row.wire(33); Fp v32 = row.wire(32);
        Fp v166 = v33 - v32; Fp v167 = multiply_add(v78, v166, v32); Fp v35 = row.wire(35); Fp v34 = row.wire(34);
        Fp v168 = v35 - v34; Fp v169 = multiply_add(v78, v168, v34); Fp v170 = v157 - v155;
        Fp v171 = multiply_add(v79, v170, v155); Fp v172 = v161 - v159; Fp v173 = multiply_add(v79, v172, v159);
        Fp v174 = v165 - v163; Fp v175 = multiply_add(v79, v174, v163); Fp v176 = v169 - v167;
        Fp v177 = multiply_add(v79, v176, v167); Fp v178 = v173 - v171; v80 = row.wire_again(80);
        Fp v179 = multiply_add(v80, v178, v171); Fp v180 = v177 - v175; Fp v181 = multiply_add(v80, v180, v175);
        Fp v182 = v181 - v179; v81 = row.wire_again(81); Fp v183 = multiply_add(v81, v182, v179);
        Fp v19 = row.wire(19); Fp v184 = v183 - v19; terms(11, v184); Fp v82 = row.wire(82); Fp v185 = v82 - Fp{1ull};
        Fp v186 = v82 * v185; terms(12, v186); Fp v83 = row.wire(83); Fp v187 = v83 - Fp{1ull}; Fp v188 = v83 * v187;
        terms(13, v188); Fp v84 = row.wire(84); Fp v189 = v84 - Fp{1ull}; Fp v190 = v84 * v189; terms(14, v190);
        Fp v85 = row.wire(85); Fp v191 = v85 - Fp{1ull}; Fp v192 = v85 * v191; terms(15, v192); Fp v193 = v85 + v85;
        Fp v194 = v84 + v193; Fp v195 = v194 + v194; Fp v196 = v83 + v195; Fp v197 = v196 + v196;
        Fp v198 = v82 + v197; Fp v36 = row.wire(36); Fp v199 = v198 - v36; terms(16, v199); Fp v39 = row.wire(39);
        Fp v38 = row.wire(38); Fp v200 = v39 - v38; Fp v201 = multiply_add(v82, v200, v38); Fp v41 = row.wire(41);
        Fp v40 = row.wire(40); Fp v202 = v41 - v40; Fp v203 = multiply_add(v82, v202, v40); Fp v43 = row.wire(43);
        Fp v42 = row.wire(42); Fp v204 = v43 - v42; Fp v205 = multiply_add(v82, v204, v42); Fp v45 = row.wire(45);
        Fp v44 = row.wire(44); Fp v206 = v45 - v44; Fp v207 = multiply_add(v82, v206, v44); Fp v47 = row.wire(47);
        Fp v46 = row.wire(46); Fp v208 = v47 - v46; Fp v209 = multiply_add(v82, v208, v46); Fp v49 = row.wire(49);
        Fp v48 = row.wire(48); Fp v210 = v49 - v48; Fp v211 = multiply_add(v82, v210, v48); Fp v51 = row.wire(51);
        Fp v50 = row.wire(50); Fp v212 = v51 - v50; Fp v213 = multiply_add(v82, v212, v50); Fp v53 = row.wire(53);
        Fp v52 = row.wire(52); Fp v214 = v53 - v52; Fp v215 = multiply_add(v82, v214, v52); Fp v216 = v203 - v201;
        Fp v217 = multiply_add(v83, v216, v201); Fp v218 = v207 - v205; Fp v219 = multiply_add(v83, v218, v205);
        Fp v220 = v211 - v209; Fp v221 = multiply_add(v83, v220, v209); Fp v222 = v215 - v213;
        Fp v223 = multiply_add(v83, v222, v213); Fp v224 = v219 - v217; v84 = row.wire_again(84);
        Fp v225 = multiply_add(v84, v224, v217); Fp v226 = v223 - v221; Fp v227 = multiply_add(v84, v226, v221);
        Fp v228 = v227 - v225; v85 = row.wire_again(85); Fp v229 = multiply_add(v85, v228, v225);
        Fp v37 = row.wire(37); Fp v230 = v229 - v37; terms(17, v230); Fp v86 = row.wire(86); Fp v231 = v86 - Fp{1ull};
        Fp v232 = v86 * v231; terms(18, v232); Fp v87 = row.wire(87); Fp v233 = v87 - Fp{1ull}; Fp v234 = v87 * v233;
        terms(19, v234); Fp v88 = row.wire(88); Fp v235 = v88 - Fp{1ull}; Fp v236 = v88 * v235; terms(20, v236);
        Fp v89 = row.wire(89); Fp v237 = v89 - Fp{1ull}; Fp v238 = v89 * v237; terms(21, v238); Fp v239 = v89 + v89;
        Fp v240 = v88 + v239; Fp v241 = v240 + v240; Fp v242 = v87 + v241; Fp v243 = v242 + v242;
        Fp v244 = v86 + v243; Fp v54 = row.wire(54); Fp v245 = v244 - v54; terms(22, v245); Fp v57 = row.wire(57);
        Fp v56 = row.wire(56); Fp v246 = v57 - v56; Fp v247 = multiply_add(v86, v246, v56); Fp v59 = row.wire(59);
        Fp v58 = row.wire(58); Fp v248 = v59 - v58; Fp v249 = multiply_add(v86, v248, v58); Fp v61 = row.wire(61);
        Fp v60 = row.wire(60); Fp v250 = v61 - v60; Fp v251 = multiply_add(v86, v250, v60); Fp v63 = row.wire(63);
        Fp v62 = row.wire(62); Fp v252 = v63 - v62; Fp v253 = multiply_add(v86, v252, v62); Fp v65 = row.wire(65);
        Fp v64 = row.wire(64); Fp v254 = v65 - v64; Fp v255 = multiply_add(v86, v254, v64); Fp v67 = row.wire(67);
        Fp v66 = row.wire(66); Fp v256 = v67 - v66; Fp v257 = multiply_add(v86, v256, v66); Fp v69 = row.wire(69);
        Fp v68 = row.wire(68); Fp v258 = v69 - v68; Fp v259 = multiply_add(v86, v258, v68); Fp v71 = row.wire(71);
        Fp v70 = row.wire(70); Fp v260 = v71 - v70; Fp v261 = multiply_add(v86, v260, v70); Fp v262 = v249 - v247;
        Fp v263 = multiply_add(v87, v262, v247); Fp v264 = v253 - v251; Fp v265 = multiply_add(v87, v264, v251);
        Fp v266 = v257 - v255; Fp v267 = multiply_add(v87, v266, v255); Fp v268 = v261 - v259;
        Fp v269 = multiply_add(v87, v268, v259); Fp v270 = v265 - v263; v88 = row.wire_again(88);
        Fp v271 = multiply_add(v88, v270, v263); Fp v272 = v269 - v267; Fp v273 = multiply_add(v88, v272, v267);
        Fp v274 = v273 - v271; v89 = row.wire_again(89); Fp v275 = multiply_add(v89, v274, v271);
        Fp v55 = row.wire(55); Fp v276 = v275 - v55; terms(23, v276); Fp v90 = row.constant(0); Fp v72 = row.wire(72);
        Fp v277 = v90 - v72; terms(24, v277); Fp v91 = row.constant(1); Fp v73 = row.wire(73); Fp v278 = v91 - v73;
        terms(25, v278);
    }
};

__global__ void __launch_bounds__(BLOCK, BLOCKS_OF_GATES) gate_random_access(const Quotient quotient, const Selection selection)
{
    add_gate(quotient, selection, gate_random_access_constraints());
}
} // namespace KERNELS

using namespace KERNELS;

ENTRY(gate_random_access)(cudaStream_t stream, const Quotient* quotient, u32 proofs, const Selection* selection)
{
    LAUNCH(gate_random_access, over_points(*quotient, proofs), BLOCK, 0, stream, *quotient, *selection);
    return LAUNCHED();
}
