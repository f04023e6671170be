// The library for every processor.
#define POLYRELU_MODULE _kernel
#if defined(__x86_64__)
#define POLYRELU_FEW_SHAPES // processors without AVX2 are old
#endif
#include "module.h"
