// ArithmeticExtensionGate { num_ops: 10 }: made of what the processor evaluates, by the test `gate_kernels` of ashlar-plonky2. Not to be edited.
#include "quotient.cuh"

namespace KERNELS {
struct gate_arithmetic_extension_constraints {
    DEVICE void evaluate(const Row& row, Terms& terms) const
    {
        Fp v1 = row.wire(1); Fp v83 = scaled(v1, 7u); Fp v3 = row.wire(3); Fp v84 = v3 * v83; Fp v0 = row.wire(0);
        Fp v2 = row.wire(2); Fp v85 = multiply_add(v0, v2, v84); Fp v86 = v1 * v2; Fp v87 = multiply_add(v0, v3, v86);
        Fp v4 = row.wire(4); Fp v81 = row.constant(1); Fp v88 = v4 * v81; Fp v5 = row.wire(5); Fp v89 = v5 * v81;
        Fp v80 = row.constant(0); Fp v90 = multiply_add(v80, v85, v88); Fp v91 = multiply_add(v80, v87, v89);
        Fp v6 = row.wire(6); Fp v92 = v6 - v90; terms(0, v92); Fp v7 = row.wire(7); Fp v93 = v7 - v91; terms(1, v93);
        Fp v9 = row.wire(9); Fp v94 = scaled(v9, 7u); Fp v11 = row.wire(11); Fp v95 = v11 * v94; Fp v8 = row.wire(8);
        Fp v10 = row.wire(10); Fp v96 = multiply_add(v8, v10, v95); Fp v97 = v9 * v10;
        Fp v98 = multiply_add(v8, v11, v97); Fp v12 = row.wire(12); Fp v99 = v12 * v81; Fp v13 = row.wire(13);
        Fp v100 = v13 * v81; Fp v101 = multiply_add(v80, v96, v99); Fp v102 = multiply_add(v80, v98, v100);
        Fp v14 = row.wire(14); Fp v103 = v14 - v101; terms(2, v103); Fp v15 = row.wire(15); Fp v104 = v15 - v102;
        terms(3, v104); Fp v17 = row.wire(17); Fp v105 = scaled(v17, 7u); Fp v19 = row.wire(19); Fp v106 = v19 * v105;
        Fp v16 = row.wire(16); Fp v18 = row.wire(18); Fp v107 = multiply_add(v16, v18, v106); Fp v108 = v17 * v18;
        Fp v109 = multiply_add(v16, v19, v108); Fp v20 = row.wire(20); Fp v110 = v20 * v81; Fp v21 = row.wire(21);
        Fp v111 = v21 * v81; Fp v112 = multiply_add(v80, v107, v110); Fp v113 = multiply_add(v80, v109, v111);
        Fp v22 = row.wire(22); Fp v114 = v22 - v112; terms(4, v114); Fp v23 = row.wire(23); Fp v115 = v23 - v113;
        terms(5, v115); Fp v25 = row.wire(25); Fp v116 = scaled(v25, 7u); Fp v27 = row.wire(27); Fp v117 = v27 * v116;
        Fp v24 = row.wire(24); Fp v26 = row.wire(26); Fp v118 = multiply_add(v24, v26, v117); Fp v119 = v25 * v26;
        Fp v120 = multiply_add(v24, v27, v119); Fp v28 = row.wire(28); Fp v121 = v28 * v81; Fp v29 = row.wire(29);
        Fp v122 = v29 * v81; Fp v123 = multiply_add(v80, v118, v121); Fp v124 = multiply_add(v80, v120, v122);
        Fp v30 = row.wire(30); Fp v125 = v30 - v123; terms(6, v125); Fp v31 = row.wire(31); Fp v126 = v31 - v124;
        terms(7, v126); Fp v33 = row.wire(33); Fp v127 = scaled(v33, 7u); Fp v35 = row.wire(35); Fp v128 = v35 * v127;
        Fp v32 = row.wire(32); Fp v34 = row.wire(34); Fp v129 = multiply_add(v32, v34, v128); Fp v130 = v33 * v34;
        Fp v131 = multiply_add(v32, v35, v130); Fp v36 = row.wire(36); Fp v132 = v36 * v81; Fp v37 = row.wire(37);
        Fp v133 = v37 * v81; Fp v134 = multiply_add(v80, v129, v132); Fp v135 = multiply_add(v80, v131, v133);
        Fp v38 = row.wire(38); Fp v136 = v38 - v134; terms(8, v136); Fp v39 = row.wire(39); Fp v137 = v39 - v135;
        terms(9, v137); Fp v41 = row.wire(41); Fp v138 = scaled(v41, 7u); Fp v43 = row.wire(43); Fp v139 = v43 * v138;
        Fp v40 = row.wire(40); Fp v42 = row.wire(42); Fp v140 = multiply_add(v40, v42, v139); Fp v141 = v41 * v42;
        Fp v142 = multiply_add(v40, v43, v141); Fp v44 = row.wire(44); Fp v143 = v44 * v81; Fp v45 = row.wire(45);
        Fp v144 = v45 * v81; Fp v145 = multiply_add(v80, v140, v143); Fp v146 = multiply_add(v80, v142, v144);
        Fp v46 = row.wire(46); Fp v147 = v46 - v145; terms(10, v147); Fp v47 = row.wire(47); Fp v148 = v47 - v146;
        terms(11, v148); Fp v49 = row.wire(49); Fp v149 = scaled(v49, 7u); Fp v51 = row.wire(51);
        Fp v150 = v51 * v149; Fp v48 = row.wire(48); Fp v50 = row.wire(50); Fp v151 = multiply_add(v48, v50, v150);
        Fp v152 = v49 * v50; Fp v153 = multiply_add(v48, v51, v152); Fp v52 = row.wire(52); Fp v154 = v52 * v81;
        Fp v53 = row.wire(53); Fp v155 = v53 * v81; Fp v156 = multiply_add(v80, v151, v154);
        Fp v157 = multiply_add(v80, v153, v155); Fp v54 = row.wire(54); Fp v158 = v54 - v156; terms(12, v158);
        Fp v55 = row.wire(55); Fp v159 = v55 - v157; terms(13, v159); Fp v57 = row.wire(57);
        Fp v160 = scaled(v57, 7u); Fp v59 = row.wire(59); Fp v161 = v59 * v160; Fp v56 = row.wire(56);
        Fp v58 = row.wire(58); Fp v162 = multiply_add(v56, v58, v161); Fp v163 = v57 * v58;
        Fp v164 = multiply_add(v56, v59, v163); Fp v60 = row.wire(60); Fp v165 = v60 * v81; Fp v61 = row.wire(61);
        Fp v166 = v61 * v81; Fp v167 = multiply_add(v80, v162, v165); Fp v168 = multiply_add(v80, v164, v166);
        Fp v62 = row.wire(62); Fp v169 = v62 - v167; terms(14, v169); Fp v63 = row.wire(63); Fp v170 = v63 - v168;
        terms(15, v170); Fp v65 = row.wire(65); Fp v171 = scaled(v65, 7u); Fp v67 = row.wire(67);
        Fp v172 = v67 * v171; Fp v64 = row.wire(64); Fp v66 = row.wire(66); Fp v173 = multiply_add(v64, v66, v172);
        Fp v174 = v65 * v66; Fp v175 = multiply_add(v64, v67, v174); Fp v68 = row.wire(68); Fp v176 = v68 * v81;
        Fp v69 = row.wire(69); Fp v177 = v69 * v81; Fp v178 = multiply_add(v80, v173, v176);
        Fp v179 = multiply_add(v80, v175, v177); Fp v70 = row.wire(70); Fp v180 = v70 - v178; terms(16, v180);
        Fp v71 = row.wire(71); Fp v181 = v71 - v179; terms(17, v181); Fp v73 = row.wire(73);
        Fp v182 = scaled(v73, 7u); Fp v75 = row.wire(75); Fp v183 = v75 * v182; Fp v72 = row.wire(72);
        Fp v74 = row.wire(74); Fp v184 = multiply_add(v72, v74, v183); Fp v185 = v73 * v74;
        Fp v186 = multiply_add(v72, v75, v185); Fp v76 = row.wire(76); Fp v187 = v76 * v81; Fp v77 = row.wire(77);
        Fp v188 = v77 * v81; Fp v189 = multiply_add(v80, v184, v187); Fp v190 = multiply_add(v80, v186, v188);
        Fp v78 = row.wire(78); Fp v191 = v78 - v189; terms(18, v191); Fp v79 = row.wire(79); Fp v192 = v79 - v190;
        terms(19, v192);
    }
};

__global__ void __launch_bounds__(BLOCK, BLOCKS_OF_GATES) gate_arithmetic_extension(const Quotient quotient, const Selection selection)
{
    add_gate(quotient, selection, gate_arithmetic_extension_constraints());
}
} // namespace KERNELS

using namespace KERNELS;

ENTRY(gate_arithmetic_extension)(cudaStream_t stream, const Quotient* quotient, u32 proofs, const Selection* selection)
{
    LAUNCH(gate_arithmetic_extension, over_points(*quotient, proofs), BLOCK, 0, stream, *quotient, *selection);
    return LAUNCHED();
}
