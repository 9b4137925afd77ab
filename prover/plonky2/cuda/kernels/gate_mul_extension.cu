// MulExtensionGate { num_ops: 13 }: made of what the processor evaluates, by the test `gate_kernels` of ashlar-plonky2. Not to be edited.
#include "quotient.cuh"

namespace KERNELS {
struct gate_mul_extension_constraints {
    DEVICE void evaluate(const Row& row, Terms& terms) const
    {
        Fp v1 = row.wire(1); Fp v80 = scaled(v1, 7u); Fp v3 = row.wire(3); Fp v81 = v3 * v80; Fp v0 = row.wire(0);
        Fp v2 = row.wire(2); Fp v82 = multiply_add(v0, v2, v81); Fp v83 = v1 * v2; Fp v84 = multiply_add(v0, v3, v83);
        Fp v78 = row.constant(0); Fp v85 = v78 * v82; Fp v86 = v78 * v84; Fp v4 = row.wire(4); Fp v87 = v4 - v85;
        terms(0, v87); Fp v5 = row.wire(5); Fp v88 = v5 - v86; terms(1, v88); Fp v7 = row.wire(7);
        Fp v89 = scaled(v7, 7u); Fp v9 = row.wire(9); Fp v90 = v9 * v89; Fp v6 = row.wire(6); Fp v8 = row.wire(8);
        Fp v91 = multiply_add(v6, v8, v90); Fp v92 = v7 * v8; Fp v93 = multiply_add(v6, v9, v92); Fp v94 = v78 * v91;
        Fp v95 = v78 * v93; Fp v10 = row.wire(10); Fp v96 = v10 - v94; terms(2, v96); Fp v11 = row.wire(11);
        Fp v97 = v11 - v95; terms(3, v97); Fp v13 = row.wire(13); Fp v98 = scaled(v13, 7u); Fp v15 = row.wire(15);
        Fp v99 = v15 * v98; Fp v12 = row.wire(12); Fp v14 = row.wire(14); Fp v100 = multiply_add(v12, v14, v99);
        Fp v101 = v13 * v14; Fp v102 = multiply_add(v12, v15, v101); Fp v103 = v78 * v100; Fp v104 = v78 * v102;
        Fp v16 = row.wire(16); Fp v105 = v16 - v103; terms(4, v105); Fp v17 = row.wire(17); Fp v106 = v17 - v104;
        terms(5, v106); Fp v19 = row.wire(19); Fp v107 = scaled(v19, 7u); Fp v21 = row.wire(21); Fp v108 = v21 * v107;
        Fp v18 = row.wire(18); Fp v20 = row.wire(20); Fp v109 = multiply_add(v18, v20, v108); Fp v110 = v19 * v20;
        Fp v111 = multiply_add(v18, v21, v110); Fp v112 = v78 * v109; Fp v113 = v78 * v111; Fp v22 = row.wire(22);
        Fp v114 = v22 - v112; terms(6, v114); Fp v23 = row.wire(23); Fp v115 = v23 - v113; terms(7, v115);
        Fp v25 = row.wire(25); Fp v116 = scaled(v25, 7u); Fp v27 = row.wire(27); Fp v117 = v27 * v116;
        Fp v24 = row.wire(24); Fp v26 = row.wire(26); Fp v118 = multiply_add(v24, v26, v117); Fp v119 = v25 * v26;
        Fp v120 = multiply_add(v24, v27, v119); Fp v121 = v78 * v118; Fp v122 = v78 * v120; Fp v28 = row.wire(28);
        Fp v123 = v28 - v121; terms(8, v123); Fp v29 = row.wire(29); Fp v124 = v29 - v122; terms(9, v124);
        Fp v31 = row.wire(31); Fp v125 = scaled(v31, 7u); Fp v33 = row.wire(33); Fp v126 = v33 * v125;
        Fp v30 = row.wire(30); Fp v32 = row.wire(32); Fp v127 = multiply_add(v30, v32, v126); Fp v128 = v31 * v32;
        Fp v129 = multiply_add(v30, v33, v128); Fp v130 = v78 * v127; Fp v131 = v78 * v129; Fp v34 = row.wire(34);
        Fp v132 = v34 - v130; terms(10, v132); Fp v35 = row.wire(35); Fp v133 = v35 - v131; terms(11, v133);
        Fp v37 = row.wire(37); Fp v134 = scaled(v37, 7u); Fp v39 = row.wire(39); Fp v135 = v39 * v134;
        Fp v36 = row.wire(36); Fp v38 = row.wire(38); Fp v136 = multiply_add(v36, v38, v135); Fp v137 = v37 * v38;
        Fp v138 = multiply_add(v36, v39, v137); Fp v139 = v78 * v136; Fp v140 = v78 * v138; Fp v40 = row.wire(40);
        Fp v141 = v40 - v139; terms(12, v141); Fp v41 = row.wire(41); Fp v142 = v41 - v140; terms(13, v142);
        Fp v43 = row.wire(43); Fp v143 = scaled(v43, 7u); Fp v45 = row.wire(45); Fp v144 = v45 * v143;
        Fp v42 = row.wire(42); Fp v44 = row.wire(44); Fp v145 = multiply_add(v42, v44, v144); Fp v146 = v43 * v44;
        Fp v147 = multiply_add(v42, v45, v146); Fp v148 = v78 * v145; Fp v149 = v78 * v147; Fp v46 = row.wire(46);
        Fp v150 = v46 - v148; terms(14, v150); Fp v47 = row.wire(47); Fp v151 = v47 - v149; terms(15, v151);
        Fp v49 = row.wire(49); Fp v152 = scaled(v49, 7u); Fp v51 = row.wire(51); Fp v153 = v51 * v152;
        Fp v48 = row.wire(48); Fp v50 = row.wire(50); Fp v154 = multiply_add(v48, v50, v153); Fp v155 = v49 * v50;
        Fp v156 = multiply_add(v48, v51, v155); Fp v157 = v78 * v154; Fp v158 = v78 * v156; Fp v52 = row.wire(52);
        Fp v159 = v52 - v157; terms(16, v159); Fp v53 = row.wire(53); Fp v160 = v53 - v158; terms(17, v160);
        Fp v55 = row.wire(55); Fp v161 = scaled(v55, 7u); Fp v57 = row.wire(57); Fp v162 = v57 * v161;
        Fp v54 = row.wire(54); Fp v56 = row.wire(56); Fp v163 = multiply_add(v54, v56, v162); Fp v164 = v55 * v56;
        Fp v165 = multiply_add(v54, v57, v164); Fp v166 = v78 * v163; Fp v167 = v78 * v165; Fp v58 = row.wire(58);
        Fp v168 = v58 - v166; terms(18, v168); Fp v59 = row.wire(59); Fp v169 = v59 - v167; terms(19, v169);
        Fp v61 = row.wire(61); Fp v170 = scaled(v61, 7u); Fp v63 = row.wire(63); Fp v171 = v63 * v170;
        Fp v60 = row.wire(60); Fp v62 = row.wire(62); Fp v172 = multiply_add(v60, v62, v171); Fp v173 = v61 * v62;
        Fp v174 = multiply_add(v60, v63, v173); Fp v175 = v78 * v172; Fp v176 = v78 * v174; Fp v64 = row.wire(64);
        Fp v177 = v64 - v175; terms(20, v177); Fp v65 = row.wire(65); Fp v178 = v65 - v176; terms(21, v178);
        Fp v67 = row.wire(67); Fp v179 = scaled(v67, 7u); Fp v69 = row.wire(69); Fp v180 = v69 * v179;
        Fp v66 = row.wire(66); Fp v68 = row.wire(68); Fp v181 = multiply_add(v66, v68, v180); Fp v182 = v67 * v68;
        Fp v183 = multiply_add(v66, v69, v182); Fp v184 = v78 * v181; Fp v185 = v78 * v183; Fp v70 = row.wire(70);
        Fp v186 = v70 - v184; terms(22, v186); Fp v71 = row.wire(71); Fp v187 = v71 - v185; terms(23, v187);
        Fp v73 = row.wire(73); Fp v188 = scaled(v73, 7u); Fp v75 = row.wire(75); Fp v189 = v75 * v188;
        Fp v72 = row.wire(72); Fp v74 = row.wire(74); Fp v190 = multiply_add(v72, v74, v189); Fp v191 = v73 * v74;
        Fp v192 = multiply_add(v72, v75, v191); Fp v193 = v78 * v190; Fp v194 = v78 * v192; Fp v76 = row.wire(76);
        Fp v195 = v76 - v193; terms(24, v195); Fp v77 = row.wire(77); Fp v196 = v77 - v194; terms(25, v196);
    }
};

__global__ void __launch_bounds__(BLOCK, BLOCKS_OF_GATES) gate_mul_extension(const Quotient quotient, const Selection selection)
{
    add_gate(quotient, selection, gate_mul_extension_constraints());
}
} // namespace KERNELS

using namespace KERNELS;

ENTRY(gate_mul_extension)(cudaStream_t stream, const Quotient* quotient, u32 proofs, const Selection* selection)
{
    LAUNCH(gate_mul_extension, over_points(*quotient, proofs), BLOCK, 0, stream, *quotient, *selection);
    return LAUNCHED();
}
