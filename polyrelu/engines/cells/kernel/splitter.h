// The state of a run: the cell at work, the patches it lies in, and what was found.
//
// Each concept has a file of its own with the functions on this state: signs.h (signs at generators), opening.h (patches),
// cut.h (the general way to cut), skeleton.h (the fast one), target.h (its rows), finish.h (what is handed out), evidence.h
// (what is listed as evidence), interval.h (which patterns are wanted), run.h (the order of the work).
#pragma once

#include <atomic>
#include <ctime>

#include "combination.h"
#include "extents.h"
#include "forms.h"
#include "grid.h"
#include "patch.h"
#include "rows.h"
#include "solving.h"

namespace polyrelu {

// With a larger r a generator of a new patch is solved again, because bounds over a whole cell are as bad as its worst.
constexpr double COARSE = 0x1p-12;
// How many generators a patch may come to have before its parts become patches, unless they have half as many.
constexpr u32 MOST_SHARED = 1 << 12;
constexpr u32 MOST_BUCKETS = 1 << 12;
// The same for a skeleton, which is to stay in the cache.
constexpr u32 MOST_VERTICES = 1 << 11;
// So many generators for each dimension that a neuron makes of a skeleton are compared pair by pair.
constexpr u32 MOST_PAIRED = 24;

// A patch is bounded by zonotopes where the target's layer is at least so many further, and with so many columns at most.
constexpr int LEAST_BELOW = 2, MOST_COLUMNS = 256;

// Into how many parts a root is cut first that others are to share: at most 2 to this power.
constexpr int COARSE_NEURONS = 5;

constexpr int DOUBT = 2;

// How much is done, about in units of one generator's visit, before the clock is looked at: some tenths of a millisecond.
constexpr i64 WORK_BETWEEN_CLOCKS = 1 << 14;
// What an exact question counts.
constexpr i64 WORK_OF_QUESTION = WORK_BETWEEN_CLOCKS / 4;

inline double seconds_now() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

struct Counters {
    i64 cells = 0, cuts = 0, signs = 0, solves = 0, flat = 0, discarded = 0, pruned = 0, exact = 0, skeletons = 0,
        fallbacks = 0, bounded = 0, excluded = 0;
};

// Counters for other threads to read while a run works: what they were a moment ago.
class Shown {
  public:
    void publish(const Counters &c) {
        const i64 values[] = {c.cells, c.cuts, c.signs, c.solves, c.flat, c.discarded, c.pruned, c.exact, c.skeletons, c.fallbacks,
                              c.bounded, c.excluded};
        for (int k = 0; k < COUNT; k++) values_[k].store(values[k], std::memory_order_relaxed);
    }
    i64 operator[](int k) const { return values_[k].load(std::memory_order_relaxed); }

  private:
    static constexpr int COUNT = 12;
    std::atomic<i64> values_[COUNT] = {};
};

// Why a run pauses: nothing is left to do; the cuts or the time it was given are used up; a cell was asked for, and lies
// ready; some cell has more facets than masks have bits; an exact answer could not be had.
enum Pause { DONE, OUT_OF_CUTS, OUT_OF_TIME, ASKED, TOO_NARROW, FAILED };

// What the next step for a cell is.
enum class Next { SPLIT, FINISHED, GONE, TOO_MANY };

// Finished cells: packed signs, points inside (NaN where none is certain), facets (delimited by `start`).
struct Finished {
    std::size_t count = 0;
    Array<u8> packed;
    Array<i64> start;
    Array<double> points;
    Array<i32> facets;
};

// Flat tiles, which the target leaves of a cell: packed signs, the dimension (-1 where that is not known), whether it is a
// face of the cell, not a section through its inside, and the facets that touch it, first those that contain it.
struct Flat {
    std::size_t count = 0;
    Array<u8> packed;
    Array<i32> dim, is_face, containing;
    Array<i64> start;
    Array<i32> facets;
};

// The generators of finished cells: those of cell i are start[i] to start[i + 1].
struct Kept {
    Array<i64> start;
    Array<double> vectors, radius;
    Array<u64> tight;
};

// Certified volumes and boxes of finished cells; NaN where there is no certificate.
struct Extents {
    Array<double> volume_low, volume_high, box_low, box_high;
};

// What is wanted of finished cells beside their columns; or, in place of these, rows of all cells as evidence.
struct Wanted {
    bool generators, extents;
    const Rows *rows = nullptr;
    bool any() const { return generators || extents || rows != nullptr; }
};

// Cells as they enter a run and leave it for another.
struct Portable {
    std::size_t count = 0, generators = 0;
    Array<i64> depth; // the layer that is to be split next
    Array<u8> signs;  // of all sites
    Array<i32> slots; // for each cell the facet numbers that its bits mean
    Array<i64> start, size;
    Array<double> vectors, radius;
    Array<u8> solved;
    Array<u64> tight;
};

// Exact arithmetic, asked as a last resort: for a generator that lies on the facets `on` of a cell and not on `off`, on a
// cell with the given signs of all sites. It writes the generator (entries at most 1), r, and the signs of the forms
// `sites` there; false if it failed.
struct Question {
    const u8 *signs;
    const i32 *on, *off, *sites;
    int on_count, off_count, site_count;
    double *vector;
    double *radius;
    i8 *answers;
};
using Ask = bool (*)(void *who, const Question &question);

template <class S> class Splitter {
  public:
    Splitter(const Problem<double> &problem, int words, Wanted wanted, Ask ask, void *who)
        : P(problem), layers_(problem.layers_with_sites()), shape(problem.dim, words), wanted_(wanted), ask_(ask), who_(who),
          F(problem), reach_(problem), zonotope_(problem), combination_(problem, zonotope_), pool(shape),
          measurer_(wanted.extents && problem.dim > 1 ? new Measurer<>(problem.dim, words) : nullptr),
          writer_(wanted.rows == nullptr ? nullptr : new RowsWriter(*wanted.rows, problem.sites())),
          prunes_(wanted.rows == nullptr || wanted.rows->prunes), vertex_(shape), low_(shape), high_(shape) {
        const std::size_t columns = TIGHT + std::size_t(words);
        cell.bits.room(columns);
        solver_.room(64 * words, shape.dim());
        room_.room(std::size_t(shape.dim()));
        for (Array<i64> *start : {&finished.start, &flat.start, &kept.start}) start->filled(1, 0);
        pool.room(1 << 10);
        cell_room(1 << 8);
    }
    ~Splitter() {
        for (std::size_t p = 0; p < patch_count_; p++) delete patches_[p];
        delete measurer_;
        delete writer_;
    }
    Splitter(const Splitter &) = delete;
    Splitter &operator=(const Splitter &) = delete;

    RowsWriter *writer() { return writer_; }

    // run.h
    void put(const Portable &cells, std::size_t which);
    Pause advance(i64 cuts, double seconds);
    bool give(Portable &to);
    Pause give_all(Portable &to);

    // interval.h
    void keep_within(const u8 *first, const u8 *last);

    Finished finished;
    Flat flat;
    Kept kept;
    Extents extents;
    Counters counters;
    Shown shown_counters;
    Portable inbox;                  // roots that were not begun from `begun` on
    std::size_t begun = 0;
    std::atomic<bool> asked_to_share{false};
    bool shares = false;             // whether other runs may ask for cells; then roots are cut coarsely first
    bool accurate = false;           // whether cells are given away with generators as accurate as they get
    u64 forced_back = 0;             // for tests: a patch of so many goes the general way; 0 for none

  private:
    const Problem<double> &P;
    const int layers_; // that cells are split by
    const S shape;
    const Wanted wanted_;
    const Ask ask_;
    void *const who_;
    Forms<double> F;
    Reach<double> reach_;
    Zonotope<double> zonotope_;
    Combination<double> combination_;
    Solver<double> solver_;
    Pool<S> pool;
    Measurer<> *const measurer_;
    RowsWriter *const writer_;
    const bool prunes_;
    Cell cell;
    bool held_ = false;
    bool ordered_ = false, across_ = false; // whether the run is kept within an interval; whether the cell at work may leave it
    Array<u8> first_, last_;
    int at_ = -1; // the patch at work
    Array<Patch<S> *> patches_;
    std::size_t patch_count_ = 0;

    // Room for what one step needs.
    typename S::Vector vertex_, low_, high_;
    Array<i128> room_;
    Array<u32> above_, below_, on_, fresh_;
    Array<u64> above_tight_, below_tight_;
    Array<u8> known_;
    Array<i32> asked_on_, asked_off_, asked_sites_, row_of_;
    i8 answers_[MOST_NEURONS];
    Array<u64> given_;
    struct Edge {
        u32 u, v;
        u64 differ; // the neurons still to come on which its ends differ
        i32 next;   // in the same bucket
    };
    Array<Edge> edges_;
    u32 edge_count_ = 0;
    i32 bucket_[MOST_NEURONS + 1];
    Array<u64> pairs_; // columns of what generators are compared by
    Array<u32> near_;
    Array<u64> faces_; // the table of 2-faces
    u64 stamp_ = 0;
    struct Ranked {
        u64 key;
        i32 part;
    };
    Array<Ranked> ranked_;
    i64 work_ = 0; // since the clock was looked at
    double until_ = 0.0;
    u64 opened_ = 0;

    Patch<S> &patch(int p) {
        const std::size_t count = std::size_t(p) + 1;
        while (patch_count_ < count) {
            patches_.room(count);
            patches_[patch_count_] = new Patch<S>(shape, P.sites(), P.bytes());
            patch_count_++;
        }
        return *patches_[std::size_t(p)];
    }
    void cell_room(std::size_t m) {
        for (Array<u32> *ids : {&cell.ids, &above_, &below_, &on_}) ids->room(m);
        for (Array<u64> *tight : {&above_tight_, &below_tight_}) tight->room((m + 8) * std::size_t(shape.words()));
    }

    // signs.h
    int sign(Patch<S> &A, int slot, Generator<S> g);
    int doubtful_sign(Patch<S> &A, int slot, Generator<S> g);
    void improve(Patch<S> &A, Generator<S> g);
    bool directed(Patch<S> &A, const u64 *tight, double *g, double r);
    void note_sign(u32 g, int neuron, int slot, int sign);
    void make(Patch<S> &A, int neuron, Generator<S> up, Generator<S> down, Generator<S> made);
    Pause decide(Patch<S> &A, int neuron);
    bool is_late();
    void signs_so_far(Patch<S> &A, const u64 *bits, u8 *signs);

    // opening.h
    Next open(int q, int depth, int position);
    int move_facets(Patch<S> &Q, Patch<S> &A);
    void copy_generators(Patch<S> &Q, Patch<S> &A);
    bool enter(Patch<S> &A, int depth);
    bool misses_target(Patch<S> &A, int depth);
    Next list_neurons(Patch<S> &A, int depth, int position);
    struct Sides { // on which a neuron has generators
        bool positive = false, negative = false, zero = false, doubt = false;
    };
    bool is_apex(Generator<S> g);
    Sides look_at(Patch<S> &A, i32 coord);
    void forget_signs(Patch<S> &A, Sides sides);
    void complete_signs(Patch<S> &A);
    u64 neurons_of(Patch<S> &A, const u64 *tight);
    bool is_decided(Patch<S> &A, int depth, i32 site);
    void whole(Patch<S> &A);
    void pack(Patch<S> &A);

    // cut.h
    enum class Cut { MADE, NONE, IN_DOUBT };
    enum class Keep { BOTH, BELOW, ON };
    Cut cut(Patch<S> &A, int neuron, Keep keep);
    void keep_section(int slot, int ons, int added);
    void keep_touching(int slot);
    bool adjacent(u32 first, u32 second, const u64 *one, const u64 *other);
    u32 on_edge(Patch<S> &A, int neuron, u32 up, u32 down);

    // skeleton.h
    bool cut_skeleton(Patch<S> &A);
    bool subdivide(Patch<S> &A, int &used);
    void push_edge(u32 u, u32 v, u64 later);
    void join_pairs(Patch<S> &A, u32 first, u64 done, u64 later);
    void join_in_faces(Patch<S> &A, int neuron, u32 first, u64 later);
    void read_off(Patch<S> &A, bool lists);
    void order_parts(Patch<S> &A);
    i32 &entry_of(Parts<S> &parts, u64 pattern);
    i32 part_of(Parts<S> &parts, u64 pattern);
    void finish_parts(Patch<S> &A);

    // finish.h
    void finish(Patch<S> &A);
    void write_cell(Patch<S> &A, u64 positive, u64 negative, const u64 *facets, const double *sum);
    void keep(Patch<S> &A);
    void write_signs(Patch<S> &A, u64 positive, u64 negative, u8 *packed);
    void write_flat(Patch<S> &A);
    void leave(Patch<S> &A, const u32 *ids, int m, const u64 *bits, Portable &to);

    // target.h
    Next apply_target(Patch<S> &A, Pause &pause);
    Next apply_row(Patch<S> &A, int row, Pause &pause);
    Sides sides_of(int row);
    void keep_face(Patch<S> &A, int row);
    bool is_void(Patch<S> &A);

    // evidence.h
    void list(Patch<S> &A, const u32 *ids, int m, const u64 *bits, i32 length);
    i32 rows_decided(Patch<S> &A);
    i32 rows_before(int layer);
    Next judge(Patch<S> &A, Pause &pause);
    bool violates(Patch<S> &A, int row, Sides sides);
    void put_right(int neuron, Sides sides);
    bool may_be_far(Generator<S> g);
    bool may_be_bounded();
    bool may_prune(Patch<S> &A, int layer);
    bool discard(Patch<S> &A);

    // interval.h
    enum class Where { OUTSIDE, ACROSS, INSIDE };
    Where where(Patch<S> &A, const u64 *bits);
    void look_where(Patch<S> &A);
    Next look_where_opened(Patch<S> &A, Next next);
    void sort_parts(Patch<S> &A);

    // run.h
    bool take();
    bool take_from(Patch<S> &A);
    void take_part(Patch<S> &A);
    void part_bits(Patch<S> &A, i32 number, u64 *bits);
    void load();
    Pause step();
    bool can_give();
};

} // namespace polyrelu
