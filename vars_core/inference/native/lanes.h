// LANES numbers side by side, REAL (float or double) each, both given when this is compiled: what loops are made of.
#pragma once

#include <cmath>
#include <cstring>
#include <type_traits>

namespace {

typedef REAL Lanes __attribute__((vector_size(LANES * sizeof(REAL)), may_alias));
typedef Lanes Anywhere __attribute__((aligned(sizeof(REAL))));

inline Lanes load(const REAL* from) { return *reinterpret_cast<const Anywhere*>(from); }
inline void store(REAL* to, Lanes value) { *reinterpret_cast<Anywhere*>(to) = value; }

inline Lanes smaller(Lanes a, Lanes b) { return a < b ? a : b; }
inline Lanes larger(Lanes a, Lanes b) { return a > b ? a : b; }
inline Lanes magnitude(Lanes v) { return v < 0 ? -v : v; }

inline REAL sum(Lanes v) {
    REAL total = 0;
    for (int lane = 0; lane < LANES; lane++) total += v[lane];
    return total;
}

template <class Function>
inline Lanes one_by_one(Lanes v, Function function) {
    for (int lane = 0; lane < LANES; lane++) v[lane] = function(v[lane]);
    return v;
}

// e^v. Of floats to one unit in the last place or two: 2^n times the series of what is left, |rest| <= ln(2)/2.
inline Lanes exponential(Lanes v) {
    if constexpr (std::is_same<REAL, float>::value) {
        typedef int Whole __attribute__((vector_size(LANES * sizeof(int))));
        v = smaller(larger(v, Lanes{} - 87), Lanes{} + 88);
        const Lanes shift = Lanes{} + 12582912;  // 1.5 * 2^23: adding it leaves no digit behind the point
        const Lanes n = (v * REAL(1.44269504088896341) + shift) - shift;
        const Lanes rest = v - n * REAL(0.693359375) + n * REAL(2.12194440054690583e-4);
        Lanes series = Lanes{} + REAL(1. / 5040);
        series = series * rest + REAL(1. / 720);
        series = series * rest + REAL(1. / 120);
        series = series * rest + REAL(1. / 24);
        series = series * rest + REAL(1. / 6);
        series = series * rest + REAL(.5);
        series = series * rest + 1;
        series = series * rest + 1;
        const Whole exponent = (__builtin_convertvector(n, Whole) + 127) << 23;
        Lanes power;
        std::memcpy(&power, &exponent, sizeof exponent);
        return series * power;
    } else {
        return one_by_one(v, [](REAL x) { return std::exp(x); });
    }
}

// The standard normal distribution below v. Of floats to 3e-7: the tail e^{-v^2/2} times a polynomial in 1/(1 + p|v|),
// fitted to it by least squares (8e-10 without rounding).
inline Lanes normal_below(Lanes v) {
    if constexpr (std::is_same<REAL, float>::value) {
        constexpr double p = 0.24041630560342617;
        constexpr double fitted[] = {-0.12363071151908761, 0.5445120198441822,   -0.6269792616977153, 0.6072539677780793,
                                     -0.14405727344314692, 0.15287484244959665, 0.09002641618872238};
        const Lanes t = 1 / (1 + REAL(p) * magnitude(v));
        Lanes series = Lanes{};
#pragma GCC unroll 8
        for (double coefficient : fitted) series = series * t + REAL(coefficient);
        const Lanes tail = exponential(v * v * REAL(-.5)) * series * t;
        return v < 0 ? tail : 1 - tail;
    } else {
        return one_by_one(v, [](REAL x) { return std::erfc(x * -REAL(M_SQRT1_2)) / 2; });
    }
}

}  // namespace
