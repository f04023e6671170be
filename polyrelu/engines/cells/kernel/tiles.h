// Volumes and boxes of tiles, each from its own rows: no cell is split again.
//
// Tiles come in the order of their patterns, so that one mostly agrees with the one before it in its first layers, whose
// forms are there still (forms.h). Where corners.h finds no simple vertices, a tile lies between what is left when its rows
// are moved inwards and outwards: its volume does, and its box is in the outer one's.
#pragma once

#include "corners.h"
#include "extents.h"
#include "forms.h"

namespace polyrelu {

// Tiles in the order of their patterns, as polyrelu/tilings/columns.py has them.
struct TileColumns {
    View<u8> packed;    // (n, bytes)
    View<i64> starts;   // of the facets, n + 1
    View<i32> facets;
    View<double> points; // inside, (n, d); NaN where none is known

    std::size_t count() const { return starts.length - 1; }

    // Whether the columns are as long as they have to be, and the facets those of a problem.
    bool fit(const Problem<double> &P) const {
        if (starts.length < 1 || packed.length != count() * std::size_t(P.bytes()) || starts[0] < 0 ||
            points.length != count() * (std::size_t(P.dim) - 1) || std::size_t(starts[count()]) > facets.length)
            return false;
        for (std::size_t i = 0; i < count(); i++)
            if (starts[i] > starts[i + 1]) return false;
        for (i64 k = starts[0]; k < starts[count()]; k++)
            if (facets[std::size_t(k)] < 0 || facets[std::size_t(k)] >= P.domain_facets() + P.sites()) return false;
        return true;
    }
};

class TileMeasurer {
  public:
    explicit TileMeasurer(const Problem<double> &problem) : P(problem), forms_(problem), corners_(problem.dim) {
        signs_.filled(std::size_t(P.sites()) + 1, OFF);
        layer_of_.room(std::size_t(P.sites()) + 1);
        for (int layer = 0; layer < P.layers(); layer++)
            for (i64 c = P.coord_start[std::size_t(layer)]; c < P.coord_start[std::size_t(layer) + 1]; c++)
                if (P.site_of[std::size_t(c)] >= 0) layer_of_[std::size_t(P.site_of[std::size_t(c)])] = layer;
        for (Array<double> *box : {&box_low_, &box_high_, &point_}) box->room(std::size_t(P.dim));
    }

    ~TileMeasurer() {
        for (Measurer<> *measurer : measurers_) delete measurer;
    }
    TileMeasurer(const TileMeasurer &) = delete;
    TileMeasurer &operator=(const TileMeasurer &) = delete;

    // Ends of the volume of a tile, and of its box; NaN where there is no certificate.
    void measure(const TileColumns &tiles, std::size_t i, double *volume_low, double *volume_high, double *low,
                 double *high) {
        const std::size_t d = std::size_t(P.dim) - 1;
        double *point = point_.data();
        std::memcpy(point, tiles.points.start + i * d, d * sizeof(double));
        *volume_low = *volume_high = NAN;
        for (std::size_t j = 0; j < d; j++) low[j] = high[j] = NAN;
        write_rows(tiles, i);
        const bool is_known = point[0] == point[0];
        if (!is_known && !corners_.look_for_room(point)) return;
        if (corners_.find(point, 0.0)) {
            measure_found(volume_low, volume_high, low, high);
            return;
        }
        for (const double share : SHARES) {
            double least = NAN, most = NAN, other;
            if (!corners_.find(point, share)) continue;
            measure_found(&other, &most, low, high);
            if (!corners_.find(point, -share)) continue;
            measure_found(&least, &other, box_low_.data(), box_high_.data());
            if (!(least <= most)) continue;
            *volume_low = least;
            *volume_high = most;
            return;
        }
        for (std::size_t j = 0; j < d; j++) low[j] = high[j] = NAN;
    }

  private:
    // By how much rows are moved, relative to their s.
    static constexpr double SHARES[] = {0x1p-47, 0x1p-43, 0x1p-38, 0x1p-32};
    static constexpr int MOST_WORDS = 64;

    void measure_found(double *volume_low, double *volume_high, double *low, double *high) {
        const int words = corners_.words();
        if (words >= MOST_WORDS) return;
        Measurer<> *&measurer = measurers_[words];
        if (measurer == nullptr) measurer = new Measurer<>(P.dim, words);
        measurer->measure(corners_.count(), corners_.vectors(), corners_.radius(), corners_.tight(), volume_low, volume_high,
                          low, high);
    }

    // The rows of a tile's facets, positive inside.
    void write_rows(const TileColumns &tiles, std::size_t i) {
        const i32 *facets = tiles.facets.start + tiles.starts[i];
        const int n = int(tiles.starts[i + 1] - tiles.starts[i]);
        const u8 *packed = tiles.packed.start + i * std::size_t(P.bytes());
        for (i32 site = 0; site < P.neurons; site++) signs_[std::size_t(site)] = packed[site >> 3] >> (7 - (site & 7)) & 1;
        int deepest = -1;
        for (int k = 0; k < n; k++) {
            const i32 site = facets[k] - P.domain_facets();
            if (site >= 0 && layer_of_[std::size_t(site)] > deepest) deepest = layer_of_[std::size_t(site)];
        }
        for (int layer = 0; layer <= deepest; layer++) forms_.enter(layer, signs_.data(), P.dim);
        corners_.begin(n);
        for (int k = 0; k < n; k++) write_row(facets[k], corners_.row(k));
    }

    void write_row(i32 facet, double *row) {
        const int dim = P.dim;
        const i32 site = facet - P.domain_facets();
        if (site >= 0) {
            forms_.write(P.coord_of[std::size_t(site)], row, dim);
            if (site < P.neurons && signs_[std::size_t(site)] == ON) return;
        } else {
            std::memcpy(row, P.domain_forms.start + std::size_t(facet) * std::size_t(dim), std::size_t(dim) * sizeof(double));
            row[dim] = P.domain_sums[std::size_t(facet)];
            row[dim + 1] = P.domain_errors[std::size_t(facet)];
        }
        for (int j = 0; j < dim; j++) row[j] = 0.0 - row[j];
    }

    const Problem<double> &P;
    Forms<double> forms_;
    Corners corners_;
    Array<u8> signs_;
    Array<i32> layer_of_; // of each site
    Array<double> box_low_, box_high_, point_;
    Measurer<> *measurers_[MOST_WORDS] = {}; // by the words of their masks
};

} // namespace polyrelu
