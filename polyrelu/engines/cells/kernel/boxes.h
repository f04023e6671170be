// Splitting boxes of inputs until bounds decide: by any number of threads, and where a counterexample is likely first.
//
// A *case* is a target, and boxes of inputs none of which should be mapped into it. A box is dropped where the zonotope
// around its image (zonotope.h) misses the target; it is a *leaf* where few neurons may switch, or it is too small to be
// halved, so that an exact method can take it from there; else it is halved. Of all boxes that wait, that comes first in
// whose middle the target is nearest, and after equal ones the latest. Points that seem to be mapped into the target,
// evaluated in floats, are handed out to be held against it exactly; finding one stops all threads.
//
// All that threads share are these boxes, in a heap behind a lock that is held for some hundred instructions.
#pragma once

#include <sched.h>

#include "halving.h"
#include "splitter.h" // for the clock

namespace polyrelu {

// A target: its rows as floats, transposed, and which are equalities.
struct Case {
    Array<double> weights, biases;
    Array<u8> equality;
    int rows = 0;
    Conditions<double> conditions() const { return {weights.data(), biases.data(), equality.data(), rows}; }
};

// Boxes of cases, or points of them; `ends` has low and high of each, or its coordinates.
struct Places {
    std::size_t count = 0;
    Array<i32> of_case;
    Array<double> ends;

    double *add(i32 number, std::size_t length) {
        of_case.room(count + 1);
        ends.room((count + 1) * length + 1);
        of_case[count] = number;
        return ends.data() + count++ * length;
    }
};

// Boxes that wait: a heap of their margins, in whose places the boxes stay until they are taken.
class Heap {
  public:
    explicit Heap(std::size_t length) : length_(length) {}
    std::size_t count() const { return count_; }

    void push(i32 number, double margin, const double *low, const double *high) {
        entries_.room(count_ + 1), free_.room(count_ + 1);
        of_case_.room(count_ + 1), ends_.room((count_ + 1) * 2 * length_ + 1);
        const std::size_t place = count_ < made_ ? free_[count_] : made_++;
        of_case_[place] = number;
        std::memcpy(ends_.data() + place * 2 * length_, low, length_ * sizeof(double));
        std::memcpy(ends_.data() + (place * 2 + 1) * length_, high, length_ * sizeof(double));
        std::size_t at = count_++;
        const Entry entry{margin, pushed_++, place};
        for (; at > 0 && entry.comes_before(entries_[(at - 1) / 2]); at = (at - 1) / 2) entries_[at] = entries_[(at - 1) / 2];
        entries_[at] = entry;
    }

    // Takes the first one.
    i32 pop(double *low, double *high) {
        const std::size_t place = entries_[0].place;
        std::memcpy(low, ends_.data() + place * 2 * length_, length_ * sizeof(double));
        std::memcpy(high, ends_.data() + (place * 2 + 1) * length_, length_ * sizeof(double));
        const Entry last = entries_[--count_];
        free_[count_] = place;
        std::size_t at = 0;
        for (std::size_t child = 1; child < count_; child = 2 * at + 1) {
            if (child + 1 < count_ && entries_[child + 1].comes_before(entries_[child])) child++;
            if (!entries_[child].comes_before(last)) break;
            entries_[at] = entries_[child];
            at = child;
        }
        entries_[at] = last;
        return of_case_[place];
    }

  private:
    struct Entry {
        double margin;
        i64 number;
        std::size_t place;
        bool comes_before(const Entry &other) const {
            return margin < other.margin || (!(other.margin < margin) && number > other.number);
        }
    };

    const std::size_t length_;
    std::size_t count_ = 0, made_ = 0;
    i64 pushed_ = 0;
    Array<Entry> entries_;
    Array<std::size_t> free_; // from count() on the places of boxes that were taken
    Array<i32> of_case_;
    Array<double> ends_;
};

class Boxes {
  public:
    enum Pause { DONE, OUT_OF_BOXES, OUT_OF_TIME, POINTS };

    Boxes(const Problem<double> &problem, int ripe, int columns)
        : P(problem), inputs_(problem.dim - 1), ripe_(ripe), columns_(columns), waiting_(std::size_t(problem.dim) - 1) {}
    ~Boxes() {
        for (std::size_t k = 0; k < case_count_; k++) delete cases_[k];
        for (std::size_t k = 0; k < worker_count_; k++) delete workers_[k];
    }
    Boxes(const Boxes &) = delete;
    Boxes &operator=(const Boxes &) = delete;

    // A target, as columns of the given lengths; its number.
    i32 add_case(const double *weights, const double *biases, const u8 *equality, int rows, int outputs) {
        cases_.room(case_count_ + 1);
        Case *one = new Case;
        cases_[case_count_++] = one;
        one->rows = rows;
        const std::size_t r = std::size_t(rows), size = r * std::size_t(outputs);
        one->weights.room(size + 1), one->biases.room(r + 1), one->equality.room(r + 1);
        std::memcpy(one->weights.data(), weights, size * sizeof(double));
        std::memcpy(one->biases.data(), biases, r * sizeof(double));
        std::memcpy(one->equality.data(), equality, r);
        return i32(case_count_ - 1);
    }

    // Puts in a box, which is worked on before others.
    void put(i32 number, const double *low, const double *high) {
        const Hold hold(lock_);
        waiting_.push(number, -HUGE_VAL, low, high);
    }

    // Works for a while; any number of threads may. DONE when nothing is left to do for anybody.
    Pause advance(i64 boxes, double seconds) {
        Worker *own = take_worker();
        const double until = seconds_now() + seconds;
        Pause why = DONE;
        for (i64 k = 0;; k++) {
            if (k >= boxes) why = OUT_OF_BOXES;
            else if (has_points_.load(std::memory_order_relaxed)) why = POINTS;
            else if (seconds_now() >= until) why = OUT_OF_TIME;
            if (why != DONE) break;
            const int taken = take(*own);
            if (taken < 0) break;
            if (taken == 0) {
                sched_yield();
                k--;
                continue;
            }
            work(*own);
        }
        const Hold hold(lock_);
        workers_[worker_count_++] = own;
        return why;
    }

    // What was handed out since it was last asked: leaves, and points. With `all` also the boxes that wait, as leaves.
    void give(Places &leaves, Places &points, bool all) {
        const Hold hold(lock_);
        Array<double> low(std::size_t(inputs_) + 1), high(std::size_t(inputs_) + 1);
        while (all && waiting_.count() > 0) {
            const i32 number = waiting_.pop(low.data(), high.data());
            write_leaf(number, low.data(), high.data());
        }
        copy(leaves_, leaves, 2 * std::size_t(inputs_));
        copy(points_, points, std::size_t(inputs_));
        has_points_.store(false, std::memory_order_relaxed);
    }

    // No more points are wanted.
    void be_quiet() { quiet_.store(true, std::memory_order_relaxed); }

    i64 bounded() const { return bounded_.load(std::memory_order_relaxed); }
    i64 excluded() const { return excluded_.load(std::memory_order_relaxed); }
    std::size_t waiting() {
        const Hold hold(lock_);
        return waiting_.count();
    }

  private:
    struct Hold { // for a few instructions, so nobody waits for long
        explicit Hold(std::atomic_flag &busy) : busy_(busy) {
            while (busy_.test_and_set(std::memory_order_acquire)) sched_yield();
        }
        ~Hold() { busy_.clear(std::memory_order_release); }
        std::atomic_flag &busy_;
    };

    // What one thread needs.
    struct Worker {
        explicit Worker(const Problem<double> &problem)
            : zonotope(problem), combination(problem, zonotope), halving(problem, zonotope, combination) {}
        Zonotope<double> zonotope;
        Combination<double> combination;
        Halving<double> halving;
        i32 number = 0;
        Array<double> low, high, point, value, next;
    };

    Worker *take_worker() {
        {
            const Hold hold(lock_);
            if (worker_count_ > 0) return workers_[--worker_count_];
            workers_.room(++threads_ + 8); // so that giving one back needs no room
        }
        Worker *own = new Worker(P);
        std::size_t widest = std::size_t(inputs_);
        for (int l = 0; l < P.layers(); l++)
            widest = larger(widest, std::size_t(P.coord_start[std::size_t(l) + 1] - P.coord_start[std::size_t(l)]));
        for (Array<double> *column : {&own->low, &own->high, &own->point}) column->room(std::size_t(inputs_) + 1);
        for (Array<double> *column : {&own->value, &own->next}) column->room(widest + 1);
        return own;
    }

    // 1 and a box, 0 if there may be one later, -1 if there will be none.
    int take(Worker &own) {
        const Hold hold(lock_);
        if (waiting_.count() == 0) return busy_ > 0 ? 0 : -1;
        own.number = waiting_.pop(own.low.data(), own.high.data());
        busy_++;
        return 1;
    }

    void write_leaf(i32 number, const double *low, const double *high) {
        const std::size_t d = std::size_t(inputs_);
        double *ends = leaves_.add(number, 2 * d);
        std::memcpy(ends, low, d * sizeof(double));
        std::memcpy(ends + d, high, d * sizeof(double));
    }

    void work(Worker &own) {
        const Case &asked = *cases_[std::size_t(own.number)];
        const Conditions<double> conditions = asked.conditions();
        Zonotope<double> &Z = own.zonotope;
        double *low = own.low.data(), *high = own.high.data();
        const bool bounds = Z.enclose(low, high, columns_) && own.combination.enclose(conditions);
        bounded_.fetch_add(1, std::memory_order_relaxed);
        if (bounds && own.combination.misses(conditions.equality)) {
            excluded_.fetch_add(1, std::memory_order_relaxed);
            const Hold hold(lock_);
            busy_--;
            return;
        }
        if (bounds) {
            own.halving.corner(low, high, own.point.data());
            margin(own, conditions);
        }
        int along = bounds && Z.crossing() > ripe_ ? own.halving.best(conditions) : bounds ? -1 : widest(own);
        double middle = along < 0 ? 0.0 : 0.5 * low[along] + 0.5 * high[along];
        if (along >= 0 && !can_be_halved(low[along], high[along])) {
            along = widest(own);
            if (along >= 0) middle = 0.5 * low[along] + 0.5 * high[along];
        }
        if (along < 0) {
            const Hold hold(lock_);
            write_leaf(own.number, low, high);
            busy_--;
            return;
        }
        const double least = low[along], most = high[along];
        high[along] = middle;
        const double below = margin_of_middle(own, conditions);
        low[along] = middle, high[along] = most;
        const double above = margin_of_middle(own, conditions);
        const Hold hold(lock_);
        waiting_.push(own.number, above, low, high);
        low[along] = least, high[along] = middle;
        waiting_.push(own.number, below, low, high);
        busy_--;
    }

    // Whether halving an input tells more than errors hide: else boxes where a neuron vanishes would be halved to single floats.
    static bool can_be_halved(double low, double high) {
        return high - low > 0x1p-40 * (modulus(low) + modulus(high)) + 0x1p-600;
    }

    // The widest input that can be halved; -1 where none can.
    int widest(Worker &own) const {
        int found = -1;
        for (int j = 0; j < inputs_; j++) {
            const double low = own.low[std::size_t(j)], high = own.high[std::size_t(j)];
            if (!can_be_halved(low, high)) continue;
            if (found < 0 || own.high[std::size_t(found)] - own.low[std::size_t(found)] < high - low) found = j;
        }
        return found;
    }

    double margin_of_middle(Worker &own, const Conditions<double> &asked) {
        for (std::size_t j = 0; j < std::size_t(inputs_); j++) own.point[j] = 0.5 * own.low[j] + 0.5 * own.high[j];
        return margin(own, asked);
    }

    // How far a point's value is from the target by the row that it breaks the most, in floats; it is handed out if not at all.
    double margin(Worker &own, const Conditions<double> &asked) {
        std::memcpy(own.value.data(), own.point.data(), std::size_t(inputs_) * sizeof(double));
        int m = inputs_;
        for (int l = 0; l < P.layers(); l++) {
            const std::size_t first = std::size_t(P.coord_start[std::size_t(l)]);
            const int n = int(P.coord_start[std::size_t(l) + 1]) - int(first);
            map(P.weights.start + P.weight_start[std::size_t(l)], &P.biases[first], n, m, own.value.data(), own.next.data());
            for (int i = 0; i < n; i++)
                own.value[std::size_t(i)] = P.relu[first + std::size_t(i)] ? larger(own.next[std::size_t(i)], 0.0) : own.next[std::size_t(i)];
            m = n;
        }
        own.next.room(std::size_t(asked.rows) + 1);
        map(asked.weights, asked.biases, asked.rows, m, own.value.data(), own.next.data());
        double worst = -HUGE_VAL;
        for (int r = 0; r < asked.rows; r++) {
            const double value = own.next[std::size_t(r)];
            worst = larger(worst, asked.equality[r] ? modulus(value) : value);
        }
        if (worst <= 0.0 && !quiet_.load(std::memory_order_relaxed)) {
            const Hold hold(lock_);
            std::memcpy(points_.add(own.number, std::size_t(inputs_)), own.point.data(), std::size_t(inputs_) * sizeof(double));
            has_points_.store(true, std::memory_order_relaxed);
        }
        return worst;
    }

    static void map(const double *W, const double *b, int n, int m, const double *x, double *__restrict y) {
        for (int i = 0; i < n; i++) y[i] = b[i];
        for (int k = 0; k < m; k++) {
            const double v = x[k], *w = W + i64(k) * n;
            if (v == 0.0) continue;
            for (int i = 0; i < n; i++) y[i] += w[i] * v;
        }
    }

    static void copy(Places &from, Places &to, std::size_t length) {
        to.count = 0;
        for (std::size_t k = 0; k < from.count; k++)
            std::memcpy(to.add(from.of_case[k], length), from.ends.data() + k * length, length * sizeof(double));
        from.count = 0;
    }

    const Problem<double> &P;
    const int inputs_, ripe_, columns_;
    std::atomic_flag lock_ = ATOMIC_FLAG_INIT;
    Heap waiting_;
    Places leaves_, points_;
    Array<Case *> cases_;
    std::size_t case_count_ = 0;
    Array<Worker *> workers_; // who have nothing to do
    std::size_t worker_count_ = 0, threads_ = 0;
    int busy_ = 0; // how many are
    std::atomic<bool> has_points_{false}, quiet_{false};
    std::atomic<i64> bounded_{0}, excluded_{0};
};

} // namespace polyrelu
