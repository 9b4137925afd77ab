// sppark's NTT for the field of this unit, under names of its own.
//
// ntt.cuh defines classes without templates, with inline functions and a static table of twiddles, for whatever `fr_t`
// is. Two units with two fields would define the same symbols differently, and the linker keeps one of each: one field
// would get the other's tables. `scripts/check-icicle` checks that no such symbol is shared.
#pragma once
#ifndef ASHLAR_FIELD
#error "name the field in ASHLAR_FIELD"
#endif
#define ASHLAR_JOIN_(a, b) a##_##b
#define ASHLAR_JOIN(a, b) ASHLAR_JOIN_(a, b)
#define NTT ASHLAR_JOIN(NTT, ASHLAR_FIELD)
#define NTTParameters ASHLAR_JOIN(NTTParameters, ASHLAR_FIELD)
#define CT_launcher ASHLAR_JOIN(CT_launcher, ASHLAR_FIELD)
#define GS_launcher ASHLAR_JOIN(GS_launcher, ASHLAR_FIELD)
#include <ntt/ntt.cuh>
