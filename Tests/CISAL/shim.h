// Intel's erasure code, the yardstick of tests and benchmarks.
#include <isa-l/erasure_code.h>

#if defined(__x86_64__)
__attribute__((target("avx")))
static inline void cisal_vzeroupper(void) { __builtin_ia32_vzeroupper(); }
#endif

/// Call this after `ec_encode_data` where time is measured: ISA-L 2.30 returns with the upper halves of the vector
/// registers in use, and that slows down the SSE instructions of whoever runs next by a sixth.
static inline void cisal_clear_upper_halves(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx")) cisal_vzeroupper();
#endif
}
