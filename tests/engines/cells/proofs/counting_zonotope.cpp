// How many roundings lie on the paths to what zonotopes and combinations of conditions are said to be, as in counting.cpp.
#include "combination.h"
#include "counting.h"

namespace polyrelu {

inline void begin() {
    raises().clear();
    gammas().clear();
}

inline Counting given(int i) { return {0.3 / (1 + i % 7) * (i % 3 ? 1 : -1), 0, 0}; }

// The most roundings that numbers have.
class Most {
  public:
    void add(Counting one) { count = larger(count, one.count); }
    int count = 0;
};

// Writes indices and what is needed beyond what is given, since begin(): of gammas, of which the first has to be that of
// what is computed, and of raises, each once, and how many times. A row of zeros ends them.
inline i64 *written(int given, int computed, i64 *to) {
    std::deque<int> all;
    for (int k : gammas())
        if (all.empty() || all.back() != k) all.push_back(k);
    for (std::size_t k = 0; k < all.size(); k++) *to++ = all[k], *to++ = k == 0 ? computed : 0;
    std::deque<Raise> most;
    for (const Raise &raise : raises()) {
        bool known = false;
        for (Raise &own : most)
            if (own.k == raise.k) known = true, own.needed = larger(own.needed, raise.needed);
        if (!known) most.push_back(raise);
    }
    for (const Raise &own : most) {
        i64 times = 0;
        for (const Raise &raise : raises()) times += raise.k == own.k;
        *to++ = own.k, *to++ = own.needed - given;
        *to++ = times, *to++ = 0;
    }
    *to++ = 0, *to++ = 0;
    return to;
}

// Two layers, of `width` and of two coordinates, on `inputs` inputs; all of them may switch.
struct Network {
    Array<Counting> weights, biases;
    i64 weight_start[3], coord_start[3];
    Array<u8> ones, flags;
    Problem<Counting> P;

    Network(int inputs, int width) {
        const std::size_t n = std::size_t(width), count = (std::size_t(inputs) + 2) * n;
        weights.room(count), biases.room(n + 2);
        for (std::size_t k = 0; k < count; k++) weights[k] = given(int(k));
        for (std::size_t k = 0; k < n + 2; k++) biases[k] = {0.01, 0, 0};
        ones.filled(n + 2, 1), flags.filled(n + 2, 0);
        weight_start[0] = coord_start[0] = 0;
        weight_start[1] = i64(std::size_t(inputs) * n), coord_start[1] = width;
        weight_start[2] = i64(count), coord_start[2] = width + 2;
        P.dim = inputs + 1;
        P.target_layer = 2;
        P.weights = {weights.data(), count};
        P.weight_start = {weight_start, 3};
        P.biases = {biases.data(), n + 2};
        P.coord_start = {coord_start, 3};
        P.relu = {ones.data(), n + 2};
        P.equality = {flags.data(), n + 2};
    }
};

// The indices of each step on a box: of inputs, of the layers, each entered and left, and of rows that are combined.
EXPORTED(double, of_zonotope)(int inputs, int width, i64 *to) {
    Network network(inputs, width);
    Array<Counting> low{std::size_t(inputs)}, high{std::size_t(inputs)};
    for (int j = 0; j < inputs; j++) low[std::size_t(j)] = {-0.9, 0, 0}, high[std::size_t(j)] = {1.1, 0, 0};
    Zonotope<Counting> Z(network.P);
    Combination<Counting> C(network.P, Z);
    begin();
    Z.begin(low.data(), high.data());
    to = written(Z.entry(0, 0).count, 0, to);
    for (int l = 0; l < 2; l++) {
        Most before;
        for (int i = 0; i < (l == 0 ? inputs : width); i++) {
            before.add(Z.sum(i)), before.add(Z.error(i));
            for (int k = 0; k < Z.columns(); k++) before.add(Z.entry(k, i));
        }
        begin();
        if (!Z.enter(l)) return 1.0;
        Most entries;
        for (int i = 0; i < Z.width(l); i++)
            for (int k = 0; k < Z.columns(); k++) entries.add(Z.entry(k, i));
        to = written(larger(before.count, entries.count), entries.count - before.count + 1, to); // weights are rounded
        Most ends;
        for (int i = 0; i < Z.width(l); i++) {
            const i64 coord = network.coord_start[l] + i;
            ends.add(Z.low(coord)), ends.add(Z.high(coord)), ends.add(Z.sum(i)), ends.add(Z.error(i));
        }
        begin();
        Z.bend(l);
        to = written(3 * ends.count, 2, to); // a slope has both, and what it is multiplied with one more
    }
    Array<Counting> weights{4}, biases{2};
    weights[0] = {0.7, 0, 0}, weights[1] = {-0.7, 0, 0}, weights[2] = {-0.6, 0, 0}, weights[3] = {0.6, 0, 0};
    biases[0] = biases[1] = {0.05, 0, 0};
    begin();
    if (!C.enclose({weights.data(), biases.data(), network.flags.data(), 2})) return 2.0;
    Most errors;
    for (int r = 0; r < 2; r++) errors.add(Z.error(r)), errors.add(Z.sum(r));
    begin();
    if (!C.misses(network.flags.data())) return 3.0;
    Most factors;
    for (int r = 0; r < 2; r++) factors.add(C.factor(r));
    to = written(errors.count + factors.count, 0, to);
    return 0.0;
}

// Those of a cell's forms, and of what a layer makes of them.
EXPORTED(double, of_zonotope_on_cell)(int inputs, int width, i64 *to) {
    Network network(inputs, width);
    Array<i32> sites;
    sites.filled(std::size_t(width) + 2, -1);
    Array<Counting> roundoff;
    roundoff.filled(2, Counting{0.7 * ROUNDOFF, 0, 0});
    network.P.site_of = {sites.data(), std::size_t(width) + 2};
    network.P.weight_error = {roundoff.data(), 2};
    Forms<Counting> F(network.P);
    F.enter(0, nullptr, network.P.dim);
    const std::size_t length = std::size_t(inputs) + 2;
    Array<Counting> generators{2 * length}, low{std::size_t(width)}, high{std::size_t(width)};
    for (int j = 0; j < inputs; j++)
        generators[std::size_t(j)] = {0.9, 0, 0}, generators[length + std::size_t(j)] = {-0.9, 0, 0};
    for (std::size_t k = 0; k < 2; k++)
        generators[k * length + length - 2] = {0.8, 0, 0}, generators[k * length + length - 1] = {1e-9, 0, 0};
    for (int i = 0; i < width; i++) low[std::size_t(i)] = {-2.0, 0, 0}, high[std::size_t(i)] = {2.0, 0, 0};
    Zonotope<Counting> Z(network.P);
    begin();
    if (!Z.begin(F, 0, 2, [&](int k) { return &generators[std::size_t(k) * length]; }, low.data(), high.data())) return 1.0;
    to = written(larger(F.sum(0).count, F.error(0).count), 1, to);
    Most before;
    Z.bend(0);
    for (int i = 0; i < width; i++) {
        before.add(Z.sum(i)), before.add(Z.error(i));
        for (int k = 0; k < Z.columns(); k++) before.add(Z.entry(k, i));
    }
    begin();
    if (!Z.enter(1)) return 2.0;
    Most entries;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < Z.columns(); k++) entries.add(Z.entry(k, i));
    written(larger(before.count, entries.count), entries.count - before.count + 1, to);
    return 0.0;
}

} // namespace polyrelu
