// Dot products over GF(2^8) by instructions that not every x86-64 processor has. A caller asks first which of them this one has.
#ifndef CFIELDKERNELS_H
#define CFIELDKERNELS_H
#include <stddef.h>
#include <stdint.h>

// What this processor, and the system, can do: 0 none of it, 1 AVX2, 2 also GFNI with AVX-512 (F, BW, VL).
int cfk_level(void);

// For each row r and each byte b:  output[output_slots[r]][b] = sum over j of coefficients[256 r + j] * input[input_slots[j]][b].
// A slot is `bytes` long; 1 to 255 columns; no output overlaps an input or another output. Nothing has to be aligned but the tables.
//
// products: 256 tables of 32 bytes, aligned to 32: the products of a coefficient with 0..15, then with 0, 16, 32 .. 240.
void cfk_dot_products_avx2(const uint8_t * _Nonnull products, const uint8_t * _Nonnull coefficients, size_t rows, size_t columns,
                           const uint8_t * _Nonnull inputs, const intptr_t * _Nonnull input_slots, uint8_t * _Nonnull outputs,
                           const intptr_t * _Nonnull output_slots, size_t bytes);

// matrices: for each coefficient the bit matrix of the multiplication by it, as GF2P8AFFINEQB reads it: byte 7 - i makes bit i.
void cfk_dot_products_gfni(const uint64_t * _Nonnull matrices, const uint8_t * _Nonnull coefficients, size_t rows, size_t columns,
                           const uint8_t * _Nonnull inputs, const intptr_t * _Nonnull input_slots, uint8_t * _Nonnull outputs,
                           const intptr_t * _Nonnull output_slots, size_t bytes);
#endif
