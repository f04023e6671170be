// The library for every processor.
#define POLYRELU_MODULE _kernel
#include "module.h"
