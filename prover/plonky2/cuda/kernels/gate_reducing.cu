// ReducingGate { num_coeffs: 43 }: made of what the processor evaluates, by the test `gate_kernels` of ashlar-plonky2. Not to be edited.
#include "quotient.cuh"

namespace KERNELS {
struct gate_reducing_constraints {
    DEVICE void evaluate(const Row& row, Terms& terms) const
    {
        Fp v5 = row.wire(5); Fp v134 = scaled(v5, 7u); Fp v3 = row.wire(3); Fp v6 = row.wire(6);
        Fp v135 = multiply_add(v3, v134, v6); Fp v2 = row.wire(2); Fp v4 = row.wire(4);
        Fp v136 = multiply_add(v2, v4, v135); Fp v137 = v2 * v5; Fp v138 = multiply_add(v3, v4, v137);
        Fp v49 = row.wire(49); Fp v139 = v136 - v49; terms(0, v139); Fp v50 = row.wire(50); Fp v140 = v138 - v50;
        terms(1, v140); Fp v141 = scaled(v50, 7u); Fp v7 = row.wire(7); Fp v142 = multiply_add(v3, v141, v7);
        Fp v143 = multiply_add(v2, v49, v142); Fp v144 = v2 * v50; Fp v145 = multiply_add(v3, v49, v144);
        Fp v51 = row.wire(51); Fp v146 = v143 - v51; terms(2, v146); Fp v52 = row.wire(52); Fp v147 = v145 - v52;
        terms(3, v147); Fp v148 = scaled(v52, 7u); Fp v8 = row.wire(8); Fp v149 = multiply_add(v3, v148, v8);
        Fp v150 = multiply_add(v2, v51, v149); Fp v151 = v2 * v52; Fp v152 = multiply_add(v3, v51, v151);
        Fp v53 = row.wire(53); Fp v153 = v150 - v53; terms(4, v153); Fp v54 = row.wire(54); Fp v154 = v152 - v54;
        terms(5, v154); Fp v155 = scaled(v54, 7u); Fp v9 = row.wire(9); Fp v156 = multiply_add(v3, v155, v9);
        Fp v157 = multiply_add(v2, v53, v156); Fp v158 = v2 * v54; Fp v159 = multiply_add(v3, v53, v158);
        Fp v55 = row.wire(55); Fp v160 = v157 - v55; terms(6, v160); Fp v56 = row.wire(56); Fp v161 = v159 - v56;
        terms(7, v161); Fp v162 = scaled(v56, 7u); Fp v10 = row.wire(10); Fp v163 = multiply_add(v3, v162, v10);
        Fp v164 = multiply_add(v2, v55, v163); Fp v165 = v2 * v56; Fp v166 = multiply_add(v3, v55, v165);
        Fp v57 = row.wire(57); Fp v167 = v164 - v57; terms(8, v167); Fp v58 = row.wire(58); Fp v168 = v166 - v58;
        terms(9, v168); Fp v169 = scaled(v58, 7u); Fp v11 = row.wire(11); Fp v170 = multiply_add(v3, v169, v11);
        Fp v171 = multiply_add(v2, v57, v170); Fp v172 = v2 * v58; Fp v173 = multiply_add(v3, v57, v172);
        Fp v59 = row.wire(59); Fp v174 = v171 - v59; terms(10, v174); Fp v60 = row.wire(60); Fp v175 = v173 - v60;
        terms(11, v175); Fp v176 = scaled(v60, 7u); Fp v12 = row.wire(12); Fp v177 = multiply_add(v3, v176, v12);
        Fp v178 = multiply_add(v2, v59, v177); Fp v179 = v2 * v60; Fp v180 = multiply_add(v3, v59, v179);
        Fp v61 = row.wire(61); Fp v181 = v178 - v61; terms(12, v181); Fp v62 = row.wire(62); Fp v182 = v180 - v62;
        terms(13, v182); Fp v183 = scaled(v62, 7u); Fp v13 = row.wire(13); Fp v184 = multiply_add(v3, v183, v13);
        Fp v185 = multiply_add(v2, v61, v184); Fp v186 = v2 * v62; Fp v187 = multiply_add(v3, v61, v186);
        Fp v63 = row.wire(63); Fp v188 = v185 - v63; terms(14, v188); Fp v64 = row.wire(64); Fp v189 = v187 - v64;
        terms(15, v189); Fp v190 = scaled(v64, 7u); Fp v14 = row.wire(14); Fp v191 = multiply_add(v3, v190, v14);
        Fp v192 = multiply_add(v2, v63, v191); Fp v193 = v2 * v64; Fp v194 = multiply_add(v3, v63, v193);
        Fp v65 = row.wire(65); Fp v195 = v192 - v65; terms(16, v195); Fp v66 = row.wire(66); Fp v196 = v194 - v66;
        terms(17, v196); Fp v197 = scaled(v66, 7u); Fp v15 = row.wire(15); Fp v198 = multiply_add(v3, v197, v15);
        Fp v199 = multiply_add(v2, v65, v198); Fp v200 = v2 * v66; Fp v201 = multiply_add(v3, v65, v200);
        Fp v67 = row.wire(67); Fp v202 = v199 - v67; terms(18, v202); Fp v68 = row.wire(68); Fp v203 = v201 - v68;
        terms(19, v203); Fp v204 = scaled(v68, 7u); Fp v16 = row.wire(16); Fp v205 = multiply_add(v3, v204, v16);
        Fp v206 = multiply_add(v2, v67, v205); Fp v207 = v2 * v68; Fp v208 = multiply_add(v3, v67, v207);
        Fp v69 = row.wire(69); Fp v209 = v206 - v69; terms(20, v209); Fp v70 = row.wire(70); Fp v210 = v208 - v70;
        terms(21, v210); Fp v211 = scaled(v70, 7u); Fp v17 = row.wire(17); Fp v212 = multiply_add(v3, v211, v17);
        Fp v213 = multiply_add(v2, v69, v212); Fp v214 = v2 * v70; Fp v215 = multiply_add(v3, v69, v214);
        Fp v71 = row.wire(71); Fp v216 = v213 - v71; terms(22, v216); Fp v72 = row.wire(72); Fp v217 = v215 - v72;
        terms(23, v217); Fp v218 = scaled(v72, 7u); Fp v18 = row.wire(18); Fp v219 = multiply_add(v3, v218, v18);
        Fp v220 = multiply_add(v2, v71, v219); Fp v221 = v2 * v72; Fp v222 = multiply_add(v3, v71, v221);
        Fp v73 = row.wire(73); Fp v223 = v220 - v73; terms(24, v223); Fp v74 = row.wire(74); Fp v224 = v222 - v74;
        terms(25, v224); Fp v225 = scaled(v74, 7u); Fp v19 = row.wire(19); Fp v226 = multiply_add(v3, v225, v19);
        Fp v227 = multiply_add(v2, v73, v226); Fp v228 = v2 * v74; Fp v229 = multiply_add(v3, v73, v228);
        Fp v75 = row.wire(75); Fp v230 = v227 - v75; terms(26, v230); Fp v76 = row.wire(76); Fp v231 = v229 - v76;
        terms(27, v231); Fp v232 = scaled(v76, 7u); Fp v20 = row.wire(20); Fp v233 = multiply_add(v3, v232, v20);
        Fp v234 = multiply_add(v2, v75, v233); Fp v235 = v2 * v76; Fp v236 = multiply_add(v3, v75, v235);
        Fp v77 = row.wire(77); Fp v237 = v234 - v77; terms(28, v237); Fp v78 = row.wire(78); Fp v238 = v236 - v78;
        terms(29, v238); Fp v239 = scaled(v78, 7u); Fp v21 = row.wire(21); Fp v240 = multiply_add(v3, v239, v21);
        Fp v241 = multiply_add(v2, v77, v240); Fp v242 = v2 * v78; Fp v243 = multiply_add(v3, v77, v242);
        Fp v79 = row.wire(79); Fp v244 = v241 - v79; terms(30, v244); Fp v80 = row.wire(80); Fp v245 = v243 - v80;
        terms(31, v245); Fp v246 = scaled(v80, 7u); Fp v22 = row.wire(22); Fp v247 = multiply_add(v3, v246, v22);
        Fp v248 = multiply_add(v2, v79, v247); Fp v249 = v2 * v80; Fp v250 = multiply_add(v3, v79, v249);
        Fp v81 = row.wire(81); Fp v251 = v248 - v81; terms(32, v251); Fp v82 = row.wire(82); Fp v252 = v250 - v82;
        terms(33, v252); Fp v253 = scaled(v82, 7u); Fp v23 = row.wire(23); Fp v254 = multiply_add(v3, v253, v23);
        Fp v255 = multiply_add(v2, v81, v254); Fp v256 = v2 * v82; Fp v257 = multiply_add(v3, v81, v256);
        Fp v83 = row.wire(83); Fp v258 = v255 - v83; terms(34, v258); Fp v84 = row.wire(84); Fp v259 = v257 - v84;
        terms(35, v259); Fp v260 = scaled(v84, 7u); Fp v24 = row.wire(24); Fp v261 = multiply_add(v3, v260, v24);
        Fp v262 = multiply_add(v2, v83, v261); Fp v263 = v2 * v84; Fp v264 = multiply_add(v3, v83, v263);
        Fp v85 = row.wire(85); Fp v265 = v262 - v85; terms(36, v265); Fp v86 = row.wire(86); Fp v266 = v264 - v86;
        terms(37, v266); Fp v267 = scaled(v86, 7u); Fp v25 = row.wire(25); Fp v268 = multiply_add(v3, v267, v25);
        Fp v269 = multiply_add(v2, v85, v268); Fp v270 = v2 * v86; Fp v271 = multiply_add(v3, v85, v270);
        Fp v87 = row.wire(87); Fp v272 = v269 - v87; terms(38, v272); Fp v88 = row.wire(88); Fp v273 = v271 - v88;
        terms(39, v273); Fp v274 = scaled(v88, 7u); Fp v26 = row.wire(26); Fp v275 = multiply_add(v3, v274, v26);
        Fp v276 = multiply_add(v2, v87, v275); Fp v277 = v2 * v88; Fp v278 = multiply_add(v3, v87, v277);
        Fp v89 = row.wire(89); Fp v279 = v276 - v89; terms(40, v279); Fp v90 = row.wire(90); Fp v280 = v278 - v90;
        terms(41, v280); Fp v281 = scaled(v90, 7u); Fp v27 = row.wire(27); Fp v282 = multiply_add(v3, v281, v27);
        Fp v283 = multiply_add(v2, v89, v282); Fp v284 = v2 * v90; Fp v285 = multiply_add(v3, v89, v284);
        Fp v91 = row.wire(91); Fp v286 = v283 - v91; terms(42, v286); Fp v92 = row.wire(92); Fp v287 = v285 - v92;
        terms(43, v287); Fp v288 = scaled(v92, 7u); Fp v28 = row.wire(28); Fp v289 = multiply_add(v3, v288, v28);
        Fp v290 = multiply_add(v2, v91, v289); Fp v291 = v2 * v92; Fp v292 = multiply_add(v3, v91, v291);
        Fp v93 = row.wire(93); Fp v293 = v290 - v93; terms(44, v293); Fp v94 = row.wire(94); Fp v294 = v292 - v94;
        terms(45, v294); Fp v295 = scaled(v94, 7u); Fp v29 = row.wire(29); Fp v296 = multiply_add(v3, v295, v29);
        Fp v297 = multiply_add(v2, v93, v296); Fp v298 = v2 * v94; Fp v299 = multiply_add(v3, v93, v298);
        Fp v95 = row.wire(95); Fp v300 = v297 - v95; terms(46, v300); Fp v96 = row.wire(96); Fp v301 = v299 - v96;
        terms(47, v301); Fp v302 = scaled(v96, 7u); Fp v30 = row.wire(30); Fp v303 = multiply_add(v3, v302, v30);
        Fp v304 = multiply_add(v2, v95, v303); Fp v305 = v2 * v96; Fp v306 = multiply_add(v3, v95, v305);
        Fp v97 = row.wire(97); Fp v307 = v304 - v97; terms(48, v307); Fp v98 = row.wire(98); Fp v308 = v306 - v98;
        terms(49, v308); Fp v309 = scaled(v98, 7u); Fp v31 = row.wire(31); Fp v310 = multiply_add(v3, v309, v31);
        Fp v311 = multiply_add(v2, v97, v310); Fp v312 = v2 * v98; Fp v313 = multiply_add(v3, v97, v312);
        Fp v99 = row.wire(99); Fp v314 = v311 - v99; terms(50, v314); Fp v100 = row.wire(100); Fp v315 = v313 - v100;
        terms(51, v315); Fp v316 = scaled(v100, 7u); Fp v32 = row.wire(32); Fp v317 = multiply_add(v3, v316, v32);
        Fp v318 = multiply_add(v2, v99, v317); Fp v319 = v2 * v100; Fp v320 = multiply_add(v3, v99, v319);
        Fp v101 = row.wire(101); Fp v321 = v318 - v101; terms(52, v321); Fp v102 = row.wire(102);
        Fp v322 = v320 - v102; terms(53, v322); Fp v323 = scaled(v102, 7u); Fp v33 = row.wire(33);
        Fp v324 = multiply_add(v3, v323, v33); Fp v325 = multiply_add(v2, v101, v324); Fp v326 = v2 * v102;
        Fp v327 = multiply_add(v3, v101, v326); Fp v103 = row.wire(103); Fp v328 = v325 - v103; terms(54, v328);
        Fp v104 = row.wire(104); Fp v329 = v327 - v104; terms(55, v329); Fp v330 = scaled(v104, 7u);
        Fp v34 = row.wire(34); Fp v331 = multiply_add(v3, v330, v34); Fp v332 = multiply_add(v2, v103, v331);
        Fp v333 = v2 * v104; Fp v334 = multiply_add(v3, v103, v333); Fp v105 = row.wire(105); Fp v335 = v332 - v105;
        terms(56, v335); Fp v106 = row.wire(106); Fp v336 = v334 - v106; terms(57, v336); Fp v337 = scaled(v106, 7u);
        Fp v35 = row.wire(35); Fp v338 = multiply_add(v3, v337, v35); Fp v339 = multiply_add(v2, v105, v338);
        Fp v340 = v2 * v106; Fp v341 = multiply_add(v3, v105, v340); Fp v107 = row.wire(107); Fp v342 = v339 - v107;
        terms(58, v342); Fp v108 = row.wire(108); Fp v343 = v341 - v108; terms(59, v343); Fp v344 = scaled(v108, 7u);
        Fp v36 = row.wire(36); Fp v345 = multiply_add(v3, v344, v36); Fp v346 = multiply_add(v2, v107, v345);
        Fp v347 = v2 * v108; Fp v348 = multiply_add(v3, v107, v347); Fp v109 = row.wire(109); Fp v349 = v346 - v109;
        terms(60, v349); Fp v110 = row.wire(110); Fp v350 = v348 - v110; terms(61, v350); Fp v351 = scaled(v110, 7u);
        Fp v37 = row.wire(37); Fp v352 = multiply_add(v3, v351, v37); Fp v353 = multiply_add(v2, v109, v352);
        Fp v354 = v2 * v110; Fp v355 = multiply_add(v3, v109, v354); Fp v111 = row.wire(111); Fp v356 = v353 - v111;
        terms(62, v356); Fp v112 = row.wire(112); Fp v357 = v355 - v112; terms(63, v357); Fp v358 = scaled(v112, 7u);
        Fp v38 = row.wire(38); Fp v359 = multiply_add(v3, v358, v38); Fp v360 = multiply_add(v2, v111, v359);
        Fp v361 = v2 * v112; Fp v362 = multiply_add(v3, v111, v361); Fp v113 = row.wire(113); Fp v363 = v360 - v113;
        terms(64, v363); Fp v114 = row.wire(114); Fp v364 = v362 - v114; terms(65, v364); Fp v365 = scaled(v114, 7u);
        Fp v39 = row.wire(39); Fp v366 = multiply_add(v3, v365, v39); Fp v367 = multiply_add(v2, v113, v366);
        Fp v368 = v2 * v114; Fp v369 = multiply_add(v3, v113, v368); Fp v115 = row.wire(115); Fp v370 = v367 - v115;
        terms(66, v370); Fp v116 = row.wire(116); Fp v371 = v369 - v116; terms(67, v371); Fp v372 = scaled(v116, 7u);
        Fp v40 = row.wire(40); Fp v373 = multiply_add(v3, v372, v40); Fp v374 = multiply_add(v2, v115, v373);
        Fp v375 = v2 * v116; Fp v376 = multiply_add(v3, v115, v375); Fp v117 = row.wire(117); Fp v377 = v374 - v117;
        terms(68, v377); Fp v118 = row.wire(118); Fp v378 = v376 - v118; terms(69, v378); Fp v379 = scaled(v118, 7u);
        Fp v41 = row.wire(41); Fp v380 = multiply_add(v3, v379, v41); Fp v381 = multiply_add(v2, v117, v380);
        Fp v382 = v2 * v118; Fp v383 = multiply_add(v3, v117, v382); Fp v119 = row.wire(119); Fp v384 = v381 - v119;
        terms(70, v384); Fp v120 = row.wire(120); Fp v385 = v383 - v120; terms(71, v385); Fp v386 = scaled(v120, 7u);
        Fp v42 = row.wire(42); Fp v387 = multiply_add(v3, v386, v42); Fp v388 = multiply_add(v2, v119, v387);
        Fp v389 = v2 * v120; Fp v390 = multiply_add(v3, v119, v389); Fp v121 = row.wire(121); Fp v391 = v388 - v121;
        terms(72, v391); Fp v122 = row.wire(122); Fp v392 = v390 - v122; terms(73, v392); Fp v393 = scaled(v122, 7u);
        Fp v43 = row.wire(43); Fp v394 = multiply_add(v3, v393, v43); Fp v395 = multiply_add(v2, v121, v394);
        Fp v396 = v2 * v122; Fp v397 = multiply_add(v3, v121, v396); Fp v123 = row.wire(123); Fp v398 = v395 - v123;
        terms(74, v398); Fp v124 = row.wire(124); Fp v399 = v397 - v124; terms(75, v399); Fp v400 = scaled(v124, 7u);
        Fp v44 = row.wire(44); Fp v401 = multiply_add(v3, v400, v44); Fp v402 = multiply_add(v2, v123, v401);
        Fp v403 = v2 * v124; Fp v404 = multiply_add(v3, v123, v403); Fp v125 = row.wire(125); Fp v405 = v402 - v125;
        terms(76, v405); Fp v126 = row.wire(126); Fp v406 = v404 - v126; terms(77, v406); Fp v407 = scaled(v126, 7u);
        Fp v45 = row.wire(45); Fp v408 = multiply_add(v3, v407, v45); Fp v409 = multiply_add(v2, v125, v408);
        Fp v410 = v2 * v126; Fp v411 = multiply_add(v3, v125, v410); Fp v127 = row.wire(127); Fp v412 = v409 - v127;
        terms(78, v412); Fp v128 = row.wire(128); Fp v413 = v411 - v128; terms(79, v413); Fp v414 = scaled(v128, 7u);
        Fp v46 = row.wire(46); Fp v415 = multiply_add(v3, v414, v46); Fp v416 = multiply_add(v2, v127, v415);
        Fp v417 = v2 * v128; Fp v418 = multiply_add(v3, v127, v417); Fp v129 = row.wire(129); Fp v419 = v416 - v129;
        terms(80, v419); Fp v130 = row.wire(130); Fp v420 = v418 - v130; terms(81, v420); Fp v421 = scaled(v130, 7u);
        Fp v47 = row.wire(47); Fp v422 = multiply_add(v3, v421, v47); Fp v423 = multiply_add(v2, v129, v422);
        Fp v424 = v2 * v130; Fp v425 = multiply_add(v3, v129, v424); Fp v131 = row.wire(131); Fp v426 = v423 - v131;
        terms(82, v426); Fp v132 = row.wire(132); Fp v427 = v425 - v132; terms(83, v427); Fp v428 = scaled(v132, 7u);
        Fp v48 = row.wire(48); Fp v429 = multiply_add(v3, v428, v48); Fp v430 = multiply_add(v2, v131, v429);
        Fp v431 = v2 * v132; Fp v432 = multiply_add(v3, v131, v431); Fp v0 = row.wire(0); Fp v433 = v430 - v0;
        terms(84, v433); Fp v1 = row.wire(1); Fp v434 = v432 - v1; terms(85, v434);
    }
};

__global__ void __launch_bounds__(BLOCK, BLOCKS_OF_GATES) gate_reducing(const Quotient quotient, const Selection selection)
{
    add_gate(quotient, selection, gate_reducing_constraints());
}
} // namespace KERNELS

using namespace KERNELS;

ENTRY(gate_reducing)(cudaStream_t stream, const Quotient* quotient, u32 proofs, const Selection* selection)
{
    LAUNCH(gate_reducing, over_points(*quotient, proofs), BLOCK, 0, stream, *quotient, *selection);
    return LAUNCHED();
}
