#include "CFieldKernels.h"

// Coefficients of one row.
enum { ROW = 256, COLUMNS = 255 };

#if defined(__x86_64__)
#include <immintrin.h>

// A strip of all symbols stays in the first-level cache while every group of rows goes over it.
enum { STRIP = 256, GROUP = 4 };

int cfk_level(void) {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2")) return 0;
    return __builtin_cpu_supports("gfni") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
                   && __builtin_cpu_supports("avx512vl")
               ? 2
               : 1;
}

// Where the symbols of a call begin, and a group's place among them.
typedef struct {
    const uint8_t *input[COLUMNS], *coefficients;
    uint8_t *output[COLUMNS];
    size_t columns;
} Call;

static void prepare(Call *call, const uint8_t *coefficients, size_t rows, size_t columns, const uint8_t *inputs,
                    const intptr_t *input_slots, uint8_t *outputs, const intptr_t *output_slots, size_t bytes) {
    call->coefficients = coefficients;
    call->columns = columns;
    for (size_t j = 0; j < columns; j++) call->input[j] = inputs + (size_t)input_slots[j] * bytes;
    for (size_t r = 0; r < rows; r++) call->output[r] = outputs + (size_t)output_slots[r] * bytes;
}

// AVX2: a product is looked up by halves of a byte, 32 of them at once.
//
// ROWS rows and VECTORS vectors of 32 bytes are summed up in registers; each table is loaded once for all vectors.
#define SHUFFLE_GROUP(NAME, ROWS, VECTORS)                                                                              \
    __attribute__((target("avx2"), always_inline)) static inline void NAME(const uint8_t *products, const Call *call,   \
                                                                           size_t first, size_t at) {                   \
        const __m256i mask = _mm256_set1_epi8(15);                                                                      \
        __m256i sum[ROWS][VECTORS], low[VECTORS], high[VECTORS];                                                        \
        for (int r = 0; r < ROWS; r++)                                                                                  \
            for (int v = 0; v < VECTORS; v++) sum[r][v] = _mm256_setzero_si256();                                       \
        for (size_t j = 0; j < call->columns; j++) {                                                                    \
            for (int v = 0; v < VECTORS; v++) {                                                                         \
                const __m256i x = _mm256_loadu_si256((const __m256i *)(call->input[j] + at + 32 * v));                  \
                low[v] = _mm256_and_si256(x, mask);                                                                     \
                high[v] = _mm256_and_si256(_mm256_srli_epi64(x, 4), mask);                                              \
            }                                                                                                           \
            _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) {                                         \
                const __m128i *table =                                                                                  \
                    (const __m128i *)(products + 32 * (size_t)call->coefficients[(first + (size_t)r) * ROW + j]);       \
                const __m256i lows = _mm256_broadcastsi128_si256(_mm_load_si128(table));                                \
                const __m256i highs = _mm256_broadcastsi128_si256(_mm_load_si128(table + 1));                           \
                for (int v = 0; v < VECTORS; v++)                                                                       \
                    sum[r][v] = _mm256_xor_si256(sum[r][v], _mm256_xor_si256(_mm256_shuffle_epi8(lows, low[v]),         \
                                                                             _mm256_shuffle_epi8(highs, high[v])));     \
            }                                                                                                           \
        }                                                                                                               \
        for (int r = 0; r < ROWS; r++)                                                                                  \
            for (int v = 0; v < VECTORS; v++)                                                                           \
                _mm256_storeu_si256((__m256i *)(call->output[first + (size_t)r] + at + 32 * v), sum[r][v]);             \
    }
SHUFFLE_GROUP(shuffle1x2, 1, 2)
SHUFFLE_GROUP(shuffle2x2, 2, 2)
SHUFFLE_GROUP(shuffle3x2, 3, 2)
SHUFFLE_GROUP(shuffle4x2, 4, 2)
SHUFFLE_GROUP(shuffle1x1, 1, 1)
SHUFFLE_GROUP(shuffle2x1, 2, 1)
SHUFFLE_GROUP(shuffle3x1, 3, 1)
SHUFFLE_GROUP(shuffle4x1, 4, 1)

// From `at` to `end`, at least 32 bytes. What is left of less than a vector is computed with the bytes before it once more.
__attribute__((target("avx2"))) static void shuffle_rows(const uint8_t *products, const Call *call, size_t first, size_t rows,
                                                         size_t at, size_t end) {
#define RUN(N)                                                                       \
    for (; at + 64 <= end; at += 64) shuffle##N##x2(products, call, first, at);      \
    for (; at + 32 <= end; at += 32) shuffle##N##x1(products, call, first, at);      \
    if (at < end) shuffle##N##x1(products, call, first, end - 32);
    switch (rows) {
    case 1: RUN(1) break;
    case 2: RUN(2) break;
    case 3: RUN(3) break;
    default: RUN(4)
    }
#undef RUN
}

// A symbol that is shorter than a vector.
static void short_symbols(const uint8_t *products, const Call *call, size_t rows, size_t bytes) {
    for (size_t r = 0; r < rows; r++)
        for (size_t b = 0; b < bytes; b++) {
            uint8_t sum = 0;
            for (size_t j = 0; j < call->columns; j++) {
                const uint8_t *table = products + 32 * (size_t)call->coefficients[r * ROW + j], x = call->input[j][b];
                sum ^= table[x & 15] ^ table[16 + (x >> 4)];
            }
            call->output[r][b] = sum;
        }
}

void cfk_dot_products_avx2(const uint8_t *products, const uint8_t *coefficients, size_t rows, size_t columns,
                           const uint8_t *inputs, const intptr_t *input_slots, uint8_t *outputs,
                           const intptr_t *output_slots, size_t bytes) {
    Call call;
    prepare(&call, coefficients, rows, columns, inputs, input_slots, outputs, output_slots, bytes);
    if (bytes < 32) return short_symbols(products, &call, rows, bytes);
    for (size_t at = 0; at < bytes;) {
        const size_t end = bytes - at < 2 * STRIP ? bytes : at + STRIP;
        for (size_t first = 0; first < rows; first += GROUP)
            shuffle_rows(products, &call, first, rows - first < GROUP ? rows - first : GROUP, at, end);
        at = end;
    }
}

// GFNI: a product is an affine transformation of its bits, 64 of them at once; what is left of a vector is masked.
#define AFFINE "gfni,avx512f,avx512bw,avx512vl"
#define AFFINE_GROUP(NAME, ROWS)                                                                                        \
    __attribute__((target(AFFINE), always_inline)) static inline void NAME(const uint64_t *matrices, const Call *call,  \
                                                                           size_t first, size_t at, __mmask64 a,        \
                                                                           __mmask64 b) {                               \
        __m512i sum[ROWS][2];                                                                                           \
        for (int r = 0; r < ROWS; r++) sum[r][0] = sum[r][1] = _mm512_setzero_si512();                                  \
        for (size_t j = 0; j < call->columns; j++) {                                                                    \
            const __m512i x = _mm512_maskz_loadu_epi8(a, call->input[j] + at);                                          \
            const __m512i y = _mm512_maskz_loadu_epi8(b, call->input[j] + at + 64);                                     \
            _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) {                                         \
                const __m512i matrix =                                                                                  \
                    _mm512_set1_epi64((long long)matrices[call->coefficients[(first + (size_t)r) * ROW + j]]);          \
                sum[r][0] = _mm512_xor_si512(sum[r][0], _mm512_gf2p8affine_epi64_epi8(x, matrix, 0));                   \
                sum[r][1] = _mm512_xor_si512(sum[r][1], _mm512_gf2p8affine_epi64_epi8(y, matrix, 0));                   \
            }                                                                                                           \
        }                                                                                                               \
        for (int r = 0; r < ROWS; r++) {                                                                                \
            _mm512_mask_storeu_epi8(call->output[first + (size_t)r] + at, a, sum[r][0]);                                \
            _mm512_mask_storeu_epi8(call->output[first + (size_t)r] + at + 64, b, sum[r][1]);                           \
        }                                                                                                               \
    }
AFFINE_GROUP(affine1, 1)
AFFINE_GROUP(affine2, 2)
AFFINE_GROUP(affine3, 3)
AFFINE_GROUP(affine4, 4)

// The bytes of a vector that lie before `end`.
static inline __mmask64 before(size_t at, size_t end) {
    return at >= end ? 0 : end - at >= 64 ? ~0ull : (1ull << (end - at)) - 1;
}

__attribute__((target(AFFINE))) void cfk_dot_products_gfni(const uint64_t *matrices, const uint8_t *coefficients, size_t rows,
                                                           size_t columns, const uint8_t *inputs,
                                                           const intptr_t *input_slots, uint8_t *outputs,
                                                           const intptr_t *output_slots, size_t bytes) {
    Call call;
    prepare(&call, coefficients, rows, columns, inputs, input_slots, outputs, output_slots, bytes);
    for (size_t strip = 0; strip < bytes; strip += STRIP) {
        const size_t end = bytes - strip < STRIP ? bytes : strip + STRIP;
        for (size_t first = 0; first < rows; first += GROUP)
            for (size_t at = strip; at < end; at += 128) {
                const __mmask64 a = before(at, end), b = before(at + 64, end);
                switch (rows - first) {
                case 1: affine1(matrices, &call, first, at, a, b); break;
                case 2: affine2(matrices, &call, first, at, a, b); break;
                case 3: affine3(matrices, &call, first, at, a, b); break;
                default: affine4(matrices, &call, first, at, a, b);
                }
            }
    }
}
#else
int cfk_level(void) { return 0; }

// Never called where the level is 0.
void cfk_dot_products_avx2(const uint8_t *products, const uint8_t *coefficients, size_t rows, size_t columns,
                           const uint8_t *inputs, const intptr_t *input_slots, uint8_t *outputs,
                           const intptr_t *output_slots, size_t bytes) {
    __builtin_trap();
}

void cfk_dot_products_gfni(const uint64_t *matrices, const uint8_t *coefficients, size_t rows, size_t columns,
                           const uint8_t *inputs, const intptr_t *input_slots, uint8_t *outputs,
                           const intptr_t *output_slots, size_t bytes) {
    __builtin_trap();
}
#endif
