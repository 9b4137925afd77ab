// ArithmeticGate { num_ops: 20 }: made of what the processor evaluates, by the test `gate_kernels` of ashlar-plonky2. Not to be edited.
#include "quotient.cuh"

namespace KERNELS {
struct gate_arithmetic_constraints {
    DEVICE void evaluate(const Row& row, Terms& terms) const
    {
        Fp v0 = row.wire(0); Fp v1 = row.wire(1); Fp v82 = v0 * v1; Fp v2 = row.wire(2); Fp v81 = row.constant(1);
        Fp v83 = v2 * v81; Fp v80 = row.constant(0); Fp v84 = multiply_add(v80, v82, v83); Fp v3 = row.wire(3);
        Fp v85 = v3 - v84; terms(0, v85); Fp v4 = row.wire(4); Fp v5 = row.wire(5); Fp v86 = v4 * v5;
        Fp v6 = row.wire(6); Fp v87 = v6 * v81; Fp v88 = multiply_add(v80, v86, v87); Fp v7 = row.wire(7);
        Fp v89 = v7 - v88; terms(1, v89); Fp v8 = row.wire(8); Fp v9 = row.wire(9); Fp v90 = v8 * v9;
        Fp v10 = row.wire(10); Fp v91 = v10 * v81; Fp v92 = multiply_add(v80, v90, v91); Fp v11 = row.wire(11);
        Fp v93 = v11 - v92; terms(2, v93); Fp v12 = row.wire(12); Fp v13 = row.wire(13); Fp v94 = v12 * v13;
        Fp v14 = row.wire(14); Fp v95 = v14 * v81; Fp v96 = multiply_add(v80, v94, v95); Fp v15 = row.wire(15);
        Fp v97 = v15 - v96; terms(3, v97); Fp v16 = row.wire(16); Fp v17 = row.wire(17); Fp v98 = v16 * v17;
        Fp v18 = row.wire(18); Fp v99 = v18 * v81; Fp v100 = multiply_add(v80, v98, v99); Fp v19 = row.wire(19);
        Fp v101 = v19 - v100; terms(4, v101); Fp v20 = row.wire(20); Fp v21 = row.wire(21); Fp v102 = v20 * v21;
        Fp v22 = row.wire(22); Fp v103 = v22 * v81; Fp v104 = multiply_add(v80, v102, v103); Fp v23 = row.wire(23);
        Fp v105 = v23 - v104; terms(5, v105); Fp v24 = row.wire(24); Fp v25 = row.wire(25); Fp v106 = v24 * v25;
        Fp v26 = row.wire(26); Fp v107 = v26 * v81; Fp v108 = multiply_add(v80, v106, v107); Fp v27 = row.wire(27);
        Fp v109 = v27 - v108; terms(6, v109); Fp v28 = row.wire(28); Fp v29 = row.wire(29); Fp v110 = v28 * v29;
        Fp v30 = row.wire(30); Fp v111 = v30 * v81; Fp v112 = multiply_add(v80, v110, v111); Fp v31 = row.wire(31);
        Fp v113 = v31 - v112; terms(7, v113); Fp v32 = row.wire(32); Fp v33 = row.wire(33); Fp v114 = v32 * v33;
        Fp v34 = row.wire(34); Fp v115 = v34 * v81; Fp v116 = multiply_add(v80, v114, v115); Fp v35 = row.wire(35);
        Fp v117 = v35 - v116; terms(8, v117); Fp v36 = row.wire(36); Fp v37 = row.wire(37); Fp v118 = v36 * v37;
        Fp v38 = row.wire(38); Fp v119 = v38 * v81; Fp v120 = multiply_add(v80, v118, v119); Fp v39 = row.wire(39);
        Fp v121 = v39 - v120; terms(9, v121); Fp v40 = row.wire(40); Fp v41 = row.wire(41); Fp v122 = v40 * v41;
        Fp v42 = row.wire(42); Fp v123 = v42 * v81; Fp v124 = multiply_add(v80, v122, v123); Fp v43 = row.wire(43);
        Fp v125 = v43 - v124; terms(10, v125); Fp v44 = row.wire(44); Fp v45 = row.wire(45); Fp v126 = v44 * v45;
        Fp v46 = row.wire(46); Fp v127 = v46 * v81; Fp v128 = multiply_add(v80, v126, v127); Fp v47 = row.wire(47);
        Fp v129 = v47 - v128; terms(11, v129); Fp v48 = row.wire(48); Fp v49 = row.wire(49); Fp v130 = v48 * v49;
        Fp v50 = row.wire(50); Fp v131 = v50 * v81; Fp v132 = multiply_add(v80, v130, v131); Fp v51 = row.wire(51);
        Fp v133 = v51 - v132; terms(12, v133); Fp v52 = row.wire(52); Fp v53 = row.wire(53); Fp v134 = v52 * v53;
        Fp v54 = row.wire(54); Fp v135 = v54 * v81; Fp v136 = multiply_add(v80, v134, v135); Fp v55 = row.wire(55);
        Fp v137 = v55 - v136; terms(13, v137); Fp v56 = row.wire(56); Fp v57 = row.wire(57); Fp v138 = v56 * v57;
        Fp v58 = row.wire(58); Fp v139 = v58 * v81; Fp v140 = multiply_add(v80, v138, v139); Fp v59 = row.wire(59);
        Fp v141 = v59 - v140; terms(14, v141); Fp v60 = row.wire(60); Fp v61 = row.wire(61); Fp v142 = v60 * v61;
        Fp v62 = row.wire(62); Fp v143 = v62 * v81; Fp v144 = multiply_add(v80, v142, v143); Fp v63 = row.wire(63);
        Fp v145 = v63 - v144; terms(15, v145); Fp v64 = row.wire(64); Fp v65 = row.wire(65); Fp v146 = v64 * v65;
        Fp v66 = row.wire(66); Fp v147 = v66 * v81; Fp v148 = multiply_add(v80, v146, v147); Fp v67 = row.wire(67);
        Fp v149 = v67 - v148; terms(16, v149); Fp v68 = row.wire(68); Fp v69 = row.wire(69); Fp v150 = v68 * v69;
        Fp v70 = row.wire(70); Fp v151 = v70 * v81; Fp v152 = multiply_add(v80, v150, v151); Fp v71 = row.wire(71);
        Fp v153 = v71 - v152; terms(17, v153); Fp v72 = row.wire(72); Fp v73 = row.wire(73); Fp v154 = v72 * v73;
        Fp v74 = row.wire(74); Fp v155 = v74 * v81; Fp v156 = multiply_add(v80, v154, v155); Fp v75 = row.wire(75);
        Fp v157 = v75 - v156; terms(18, v157); Fp v76 = row.wire(76); Fp v77 = row.wire(77); Fp v158 = v76 * v77;
        Fp v78 = row.wire(78); Fp v159 = v78 * v81; Fp v160 = multiply_add(v80, v158, v159); Fp v79 = row.wire(79);
        Fp v161 = v79 - v160; terms(19, v161);
    }
};

__global__ void __launch_bounds__(BLOCK, BLOCKS_OF_GATES) gate_arithmetic(const Quotient quotient, const Selection selection)
{
    add_gate(quotient, selection, gate_arithmetic_constraints());
}
} // namespace KERNELS

using namespace KERNELS;

ENTRY(gate_arithmetic)(cudaStream_t stream, const Quotient* quotient, u32 proofs, const Selection* selection)
{
    LAUNCH(gate_arithmetic, over_points(*quotient, proofs), BLOCK, 0, stream, *quotient, *selection);
    return LAUNCHED();
}
