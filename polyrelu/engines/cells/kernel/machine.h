// What the processor can do, and what the compiler made of expressions; asked at run time, before anything else.
//
// Notation: fl(.) is rounding to the nearest double. Bounds are proven for operations that are rounded one by one, in
// the order in which they are written: fl(fl(ab) + c), not fl(ab + c), which is what a compiler may contract it to.
#pragma once

namespace polyrelu {

// Whether there is what avx2.cpp is compiled for, and the system keeps those registers.
inline bool has_avx2() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt");
#else
    return false;
#endif
}

// Whether operations are done as they are written, whatever the processor's rounding mode. With a = 1 + 2^-30 and
// b = 1 - 2^-30, ab = 1 - 2^-60 is rounded to a neighbour, 1 or 1 - 2^-53, so ab - 1 is -2^-60 only where it is rounded
// once. With t = 2^-60, t + 1 is rounded to 1 or 1 + 2^-52, so (t + 1) - 1 is t only where it is reordered. The compiler
// does not know the operands, as they are volatile.
inline bool as_written() {
    const volatile double operands[4] = {1.0 + 0x1p-30, 1.0 - 0x1p-30, 1.0, 0x1p-60};
    const double a = operands[0], b = operands[1], one = operands[2], tiny = operands[3];
    return a * b - one != -tiny && (tiny + one) - one != tiny;
}

} // namespace polyrelu
