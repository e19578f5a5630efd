// Counts what the calling thread allocates: the benchmark program's malloc is this one.
#ifndef CALLOCATIONS_H
#define CALLOCATIONS_H

#include <stdint.h>

/// Calls of malloc, calloc, realloc and their aligned relatives by this thread since it began. Libraries count too.
uint64_t callocations_of_this_thread(void);

#endif
