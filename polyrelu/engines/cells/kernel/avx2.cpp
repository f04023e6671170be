// The library for x86-64 processors with AVX2; elsewhere it is what baseline.cpp is. What is not the kernel's own is
// included before, and compiled for every processor: the linker may take such functions from either library. Fused
// operations are left out, so that both give the same bits. The names of the processor's abilities are those that
// machine.h asks for.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <initializer_list>
#include <new>
#include <thread>
#include <utility>

#include <sched.h>

#include <Python.h>

#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,popcnt"))), apply_to = function)
#elif defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,popcnt")
#endif

// Not every compiler defines its own macros for what such a line allows.
#if defined(__x86_64__)
#define POLYRELU_AVX2
#endif
#define POLYRELU_MODULE _kernel_avx2
#include "module.h"

#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute pop
#elif defined(__x86_64__)
#pragma GCC pop_options
#endif
