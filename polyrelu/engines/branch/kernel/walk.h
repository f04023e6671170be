// A walk through the cells of a problem, depth first, that pauses where it has to ask: polyrelu/engines/branch/engine.py
// says what it does.
#pragma once

#include <array>

#include "looking.h"

namespace polyrelu {

enum Pause { DONE, PAUSED, EXACTLY, BOUNDS, RULE };

constexpr int BATCH = 64;             // cells whose bounds are asked for together
constexpr int LEAST_PATIENCE = BATCH; // entered cells that are not asked about after nothing was pruned; doubled each time
constexpr int MOST_PATIENCE = 64 * BATCH;

// What a walk is about. All arrays are owned by others.
struct Problem {
    Space space;
    std::vector<FloatLayer> layers;
    FloatLayer target; // forms of the last layer's outputs that are to be negative
    bool is_exact = false; // the target has equations, which floats cannot decide
    int neurons = 0;
    std::vector<std::int8_t> reach; // the signs of all neurons on the whole domain, 0 where open
    bool asks_bounds = false, asks_rule = false;
    bool fixes = true; // neurons by bounds on a cell's box
};

struct Tiles {
    Bytes signs, splits, in_doubt;
    Floats points; // NaN where none is known
    std::size_t count() const { return in_doubt.size(); }
    void clear() { signs.clear(), splits.clear(), in_doubt.clear(), points.clear(); }
};

class Walk {
  public:
    enum Count { CUTS, NODES, FIXED, PRUNED, DISCARDED, COUNTS };

    // With a seed for dives, of each cell that is divided it follows one part alone, drawn at random: the nodes that it comes
    // by, times 2 for each division on the way, are as many as a whole walk has, on average (D. E. Knuth, Estimating the
    // efficiency of backtrack programs, Mathematics of Computation 29, 1975).
    Walk(const Problem &problem, std::uint64_t lies, std::uint64_t dive)
        : problem_(problem), looking_(problem_.space, lies), dive_(dive), waits_(problem_.layers.size(), 0), patience_(waits_) {}

    // Begins with a cell, of which points may be known.
    void begin(const Forms &rows, const Floats &points) {
        const Space &space = problem_.space;
        auto node = fresh();
        node->rows = rows;
        node->low.assign(space.low, space.low + space.dim);
        node->high.assign(space.high, space.high + space.dim);
        node->points = points;
        node->signs.assign(std::size_t(problem_.neurons), 0);
        node->splits.assign(std::size_t(problem_.neurons), 0);
        node->program.begin(space.low, space.high, space.dim);
        node->known_depth = -1;
        Forms inputs;
        inputs.dim = space.dim;
        inputs.resize(space.dim);
        for (int j = 0; j < space.dim; j++) {
            for (int k = 0; k < space.dim; k++) inputs.row(j)[k] = j == k ? 1.0 : 0.0;
            inputs.constants[std::size_t(j)] = 0.0;
            inputs.doubts[std::size_t(j)] = space.doubt(inputs.row(j), 0.0, 0.0);
        }
        enter(std::move(node), 0, inputs, nullptr);
    }

    // Goes on until it has to ask, is done, or has asked for so many neurons, or found so many tiles.
    Pause advance(long long most) {
        const long long last = counts[NODES] + most;
        for (;;) {
            if (must_ask_bounds()) return BOUNDS;
            if (stack_.empty()) return DONE;
            if (counts[NODES] >= last || (long long)tiles.count() >= most) return PAUSED;
            const Pause pause = step();
            if (pause != DONE) return pause;
        }
    }

    Node &asking() { return *stack_.back(); } // which asks for a rule's choice, or an exact answer
    int side_asked() const { return side_; }
    const std::vector<std::unique_ptr<Node>> &batch() const { return batch_; }
    const std::vector<std::unique_ptr<Node>> &waiting() const { return stack_; }
    const Problem &problem() const { return problem_; }

    void choose(int neuron) { ask_for(asking(), neuron); }
    void decide(bool is_there) { asking().sides[side_] = is_there ? YES : NO; }

    // What bounds say of each cell that was asked about: whether the target is out of reach, and the layer's signs.
    void bound(const std::uint8_t *misses, const std::int8_t *signs) {
        const int depth = batch_.front()->depth;
        bool pruned = false;
        for (int i = int(batch_.size()) - 1; i >= 0; i--) {
            auto &node = batch_[std::size_t(i)];
            pruned |= misses[i] != 0;
            if (misses[i]) {
                counts[PRUNED]++;
                spare_.push_back(std::move(node));
                continue;
            }
            for (std::size_t k = 0; k < node->own.size(); k++) {
                const std::int8_t sign = signs[std::size_t(i) * node->own.size() + k];
                if (!node->own[k] && sign) node->own[k] = sign, counts[FIXED]++;
            }
            node->known_depth = depth, node->known = i;
            stack_.push_back(std::move(node));
        }
        batch_.clear();
        int &patience = patience_[std::size_t(depth)];
        patience = pruned ? 0 : std::min(std::max(2 * patience, LEAST_PATIENCE), MOST_PATIENCE);
        waits_[std::size_t(depth)] = patience;
    }

    double estimate = 0.0; // of the nodes, by a dive
    Tiles tiles;
    long long counts[COUNTS] = {};
    long long programs() const { return looking_.programs; }

  private:
    Problem problem_;
    Looking looking_;
    std::uint64_t dive_;
    double weight_ = 1.0; // how many cells the one at hand stands for
    std::vector<std::unique_ptr<Node>> stack_, batch_, spare_;
    std::vector<int> waits_, patience_; // of each layer: how many cells are not asked about any more
    int side_ = 0;
    Forms outputs_;
    Floats point_;
    Bytes on_;

    std::unique_ptr<Node> fresh() {
        if (spare_.empty()) return std::make_unique<Node>();
        auto node = std::move(spare_.back());
        spare_.pop_back();
        return node;
    }

    const FloatLayer &layer_of(const Node &node) const { return problem_.layers[std::size_t(node.depth)]; }
    int point_count(const Node &node) const { return int(node.points.size()) / problem_.space.dim; }
    static double sign_of(int side) { return side ? -1.0 : 1.0; } // the form that is negative on the silent side 0

    // -- layers --------------------------------------------------------------------------------------------------------

    // A cell that is through `depth` layers, of which the last returns `values`, those that are not `on` being zero.
    void enter(std::unique_ptr<Node> node, int depth, const Forms &values, const std::uint8_t *on) {
        node->depth = depth;
        node->asked = -1;
        if (depth == int(problem_.layers.size())) return finish(std::move(node), values, on);
        const FloatLayer &layer = layer_of(*node);
        auto entered = std::make_shared<Forms>();
        entering(*entered, layer, values, on, problem_.space);
        node->entered = std::move(entered);
        node->own.assign(problem_.reach.begin() + layer.first,
                         problem_.reach.begin() + layer.first + std::ptrdiff_t(layer.neurons.size()));
        node->is_narrowed = true;
        node->values.clear();
        for (int p = 0; p < point_count(*node); p++) evaluate(*node, node->points.data() + p * problem_.space.dim);
        int &waits = waits_[std::size_t(depth)];
        if (problem_.asks_bounds && depth > 0 && waits == 0) {
            batch_.push_back(std::move(node));
        } else {
            waits -= waits > 0;
            stack_.push_back(std::move(node));
        }
    }

    // Bounds are asked for once enough cells have come to a layer, or none will.
    bool must_ask_bounds() const {
        if (batch_.empty()) return false;
        return int(batch_.size()) >= BATCH || stack_.empty() || stack_.back()->depth >= batch_.front()->depth ||
               stack_.back()->depth < batch_.front()->depth - 1;
    }

    // The values of a layer's neurons at one more point.
    void evaluate(Node &node, const double *x) {
        for (const int i : layer_of(node).neurons) node.values.push_back(node.entered->at(i, x));
    }

    // A cell whose neurons have signs, on its way to the next layer.
    void leave() {
        auto node = std::move(stack_.back());
        stack_.pop_back();
        const FloatLayer &layer = layer_of(*node);
        on_.assign(std::size_t(layer.outputs), 1);
        for (std::size_t k = 0; k < layer.neurons.size(); k++) {
            const bool active = node->own[k] > 0;
            node->signs[std::size_t(layer.first) + k] = active;
            on_[std::size_t(layer.neurons[k])] = active;
        }
        const std::shared_ptr<const Forms> values = node->entered;
        const int depth = node->depth + 1;
        enter(std::move(node), depth, *values, on_.data());
    }

    // -- neurons -------------------------------------------------------------------------------------------------------

    // The next thing to do for the cell on top; DONE where nothing has to be asked.
    Pause step() {
        Node &node = *stack_.back();
        if (node.asked < 0) {
            if (node.is_narrowed) fix(node);
            if (std::find(node.own.begin(), node.own.end(), 0) == node.own.end()) {
                leave();
                return DONE;
            }
            if (problem_.asks_rule) return RULE;
            ask_for(node, whole_first(node));
        }
        for (side_ = 0; side_ < 2; side_++) {
            if (node.sides[side_] == UNKNOWN) node.sides[side_] = look(node, side_);
            if (node.sides[side_] == DOUBT) return EXACTLY;
        }
        divide(node);
        return DONE;
    }

    // Gives signs to neurons that cannot switch on the cell's box.
    void fix(Node &node) {
        const FloatLayer &layer = layer_of(node);
        node.least.resize(layer.neurons.size()), node.most.resize(layer.neurons.size());
        for (std::size_t k = 0; k < layer.neurons.size(); k++) {
            if (node.own[k]) continue;
            const Ends ends = between(*node.entered, layer.neurons[k], node.low.data(), node.high.data());
            node.least[k] = ends.least, node.most[k] = ends.most;
            if (problem_.fixes) node.own[k] = ends.least >= 0.0 ? 1 : ends.most <= 0.0 ? -1 : 0;
            counts[FIXED] += node.own[k] != 0;
        }
        node.is_narrowed = false;
    }

    // The signs of a neuron at the cell's points: how many are certainly negative, and positive.
    std::array<int, 2> divided(const Node &node, std::size_t neuron) const {
        const double doubt = node.entered->doubts[std::size_t(layer_of(node).neurons[neuron])];
        std::array<int, 2> found = {0, 0};
        for (std::size_t p = neuron; p < node.values.size(); p += node.own.size()) {
            found[0] += node.values[p] < -doubt;
            found[1] += node.values[p] > doubt;
        }
        return found;
    }

    // The rule of that name in polyrelu/engines/branch/rules.py.
    int whole_first(const Node &node) const {
        int whole = -1, divides = -1, best = -1;
        double least = INFINITE, most = -INFINITE;
        for (std::size_t k = 0; k < node.own.size(); k++) {
            if (node.own[k]) continue;
            const auto [below, above] = divided(node, k);
            const double depth = std::min(-node.least[k], node.most[k]);
            const int even = std::min(below, above);
            if (even == 0 && (whole < 0 || depth < least)) whole = int(k), least = depth;
            if (even > best || (even == best && depth > most)) divides = int(k), best = even, most = depth;
        }
        return whole >= 0 ? whole : divides;
    }

    void ask_for(Node &node, int neuron) {
        counts[NODES]++;
        estimate += weight_;
        node.asked = neuron;
        const auto found = divided(node, std::size_t(neuron));
        for (int side = 0; side < 2; side++) {
            node.sides[side] = found[std::size_t(side)] ? YES : UNKNOWN;
            node.point_of_side[side].clear();
            node.of_side[side].reset();
        }
    }

    // Solves the program of a cell's own rows, which is where those of its parts begin.
    void settle(Node &node) {
        if (node.program.rows() == node.rows.count()) return;
        for (int k = node.program.rows(); k < node.rows.count(); k++)
            if (!node.program.append(node.rows.row(k), node.rows.constants[std::size_t(k)])) return;
        if (!node.program.solve()) return;
        point_.resize(std::size_t(problem_.space.dim));
        node.program.point(point_.data());
        looking_.clip(point_.data());
        if (is_inside(node.rows, point_.data())) keep(node, point_);
    }

    Answer look(Node &node, int side) {
        settle(node);
        const int own = node.rows.count();
        if (node.program.rows() != own) return DOUBT;
        node.rows.append(*node.entered, layer_of(node).neurons[std::size_t(node.asked)], sign_of(side));
        auto program = std::make_shared<Program>(node.program);
        const Answer found = looking_.look(node, node.rows, own, *program, node.point_of_side[side]);
        node.rows.resize(own);
        if (found == YES) node.of_side[side] = std::move(program);
        else node.point_of_side[side].clear();
        return found == NEVER ? NO : found;
    }

    // What the answers make of the cell on top.
    void divide(Node &node) {
        const std::size_t neuron = std::size_t(node.asked);
        const bool silent = node.sides[0] == YES, active = node.sides[1] == YES;
        node.asked = -1;
        if (silent && active) {
            counts[CUTS]++;
            node.splits[std::size_t(layer_of(node).first) + neuron] = 1;
            if (dive_) {
                weight_ *= 2.0;
                return restrict_to(node, neuron, int(drawn(dive_) & 1));
            }
            auto other = fresh();
            *other = node;
            restrict_to(*other, neuron, 1);
            restrict_to(node, neuron, 0);
            stack_.push_back(std::move(other));
            return;
        }
        node.own[neuron] = active ? 1 : -1; // what vanishes on all of a cell is silent
        for (const auto &point : node.point_of_side)
            if (!point.empty()) keep(node, point);
    }

    void keep(Node &node, const Floats &point) {
        if (point_count(node) >= MOST_POINTS || node.depth == int(problem_.layers.size())) return;
        node.points.insert(node.points.end(), point.begin(), point.end());
        evaluate(node, point.data());
    }

    // The side of a cell on which a neuron is silent, 0, or active, 1.
    void restrict_to(Node &node, std::size_t neuron, int side) {
        const int form = layer_of(node).neurons[neuron], dim = problem_.space.dim;
        const double doubt = node.entered->doubts[std::size_t(form)];
        const std::size_t width = node.own.size();
        std::size_t kept = 0;
        for (std::size_t p = 0; p * width < node.values.size(); p++) {
            if (!(sign_of(side) * node.values[p * width + neuron] < -doubt)) continue;
            std::copy_n(node.points.begin() + std::ptrdiff_t(p) * dim, dim, node.points.begin() + std::ptrdiff_t(kept) * dim);
            std::copy_n(node.values.begin() + std::ptrdiff_t(p * width), width, node.values.begin() + std::ptrdiff_t(kept * width));
            kept++;
        }
        node.points.resize(kept * std::size_t(dim));
        node.values.resize(kept * width);
        if (!node.point_of_side[side].empty()) keep(node, node.point_of_side[side]);
        if (node.of_side[side]) node.program = std::move(*node.of_side[side]);
        node.rows.append(*node.entered, form, sign_of(side));
        narrow(node.low, node.high, node.rows, node.rows.count() - 1);
        node.own[neuron] = side ? 1 : -1;
        node.is_narrowed = true;
        for (int k = 0; k < 2; k++) node.of_side[k].reset(), node.point_of_side[k].clear();
    }

    // -- the end -------------------------------------------------------------------------------------------------------

    // Cuts a cell that is through all layers by the target's rows; keeps what is inside, or may be.
    void finish(std::unique_ptr<Node> node, const Forms &values, const std::uint8_t *on) {
        Floats point(node->points.begin(), node->points.begin() + (node->points.empty() ? 0 : problem_.space.dim));
        Answer found = YES;
        if (problem_.target.outputs > 0) {
            point.clear();
            entering(outputs_, problem_.target, values, on, problem_.space);
            found = problem_.is_exact ? DOUBT : look_at_target(*node, point);
        }
        if (found == NEVER) {
            counts[DISCARDED]++;
        } else {
            tiles.signs.insert(tiles.signs.end(), node->signs.begin(), node->signs.end());
            tiles.splits.insert(tiles.splits.end(), node->splits.begin(), node->splits.end());
            tiles.in_doubt.push_back(found != YES);
            point.resize(std::size_t(problem_.space.dim), std::nan(""));
            tiles.points.insert(tiles.points.end(), point.begin(), point.end());
        }
        spare_.push_back(std::move(node));
    }

    Answer look_at_target(Node &node, Floats &point) {
        for (int p = 0; p < point_count(node); p++) {
            const double *x = node.points.data() + p * problem_.space.dim;
            if (is_inside(outputs_, x)) {
                point.assign(x, x + problem_.space.dim);
                return YES;
            }
        }
        bool touches = true;
        for (int k = 0; k < outputs_.count(); k++) {
            const double least = between(outputs_, k, node.low.data(), node.high.data()).least;
            if (least > 0.0) return NEVER;
            touches &= !(least >= 0.0);
        }
        if (!touches) return NO;
        settle(node);
        const int own = node.rows.count();
        if (node.program.rows() != own) return DOUBT;
        for (int k = 0; k < outputs_.count(); k++) node.rows.append(outputs_, k, 1.0);
        const Answer found = looking_.look(node, node.rows, own, node.program, point);
        if (found != YES) point.clear();
        return found;
    }
};

} // namespace polyrelu
