// Integers of any size: a sign and a magnitude without leading zeros.
//
// Division is Knuth's algorithm D (The Art of Computer Programming, volume 2, section 4.3.1).
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "limbs.h"

namespace polyrelu_checker {

class Integer {
  public:
    Integer() = default;
    explicit Integer(long long value) : negative_(value < 0) {
        if (value != 0) limbs_.push_back(value < 0 ? Limb(0) - Limb(value) : Limb(value));
    }
    Integer(std::vector<Limb> magnitude, bool negative) : limbs_(std::move(magnitude)), negative_(negative) { trim(); }

    // What n limbs in two's complement say.
    static Integer from_twos(const Limb *x, std::size_t n) {
        std::vector<Limb> limbs(x, x + n);
        const bool negative = n > 0 && is_negative(x, n);
        if (negative) negate(limbs);
        return Integer(std::move(limbs), negative);
    }

    void append_hex(std::string &to) const {
        if (negative_) to += '-';
        if (limbs_.empty()) to += '0';
        bool begun = false;
        for (std::size_t i = limbs_.size() * 16; i-- > 0;) {
            const unsigned digit = unsigned(limbs_[i / 16] >> (4 * (i % 16))) & 15;
            begun |= digit != 0;
            if (begun) to += "0123456789abcdef"[digit];
        }
    }

    int sign() const { return limbs_.empty() ? 0 : negative_ ? -1 : 1; }
    bool is_zero() const { return limbs_.empty(); }
    std::size_t size() const { return limbs_.size(); }
    const Limb *data() const { return limbs_.data(); }
    std::size_t bits() const { return limbs_.empty() ? 0 : LIMB_BITS * (size() - 1) + bit_length(limbs_.back()); }

    Integer negated() const {
        Integer result = *this;
        result.negative_ = !negative_ && !limbs_.empty();
        return result;
    }
    Integer magnitude() const { return Integer(limbs_, false); }

    // -1, 0 or 1, as for numbers without their signs.
    static int compare_magnitudes(const Integer &a, const Integer &b) {
        if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
        for (std::size_t i = a.size(); i-- > 0;)
            if (a.limbs_[i] != b.limbs_[i]) return a.limbs_[i] < b.limbs_[i] ? -1 : 1;
        return 0;
    }

    Integer &operator+=(const Integer &other) { return add(other, other.negative_); }
    Integer &operator-=(const Integer &other) { return add(other, !other.negative_); }
    friend Integer operator+(Integer a, const Integer &b) { return a += b; }
    friend Integer operator-(Integer a, const Integer &b) { return a -= b; }
    friend Integer operator*(const Integer &a, const Integer &b) {
        std::vector<Limb> product(a.size() + b.size(), 0);
        add_product(product.data(), a.data(), a.size(), b.data(), b.size());
        return Integer(std::move(product), a.negative_ != b.negative_);
    }
    friend bool operator<(const Integer &a, const Integer &b) { return (a - b).sign() < 0; }
    friend bool operator==(const Integer &a, const Integer &b) {
        return a.negative_ == b.negative_ && a.limbs_ == b.limbs_;
    }

    // this 2^count
    Integer shifted_up(std::size_t count) const {
        const std::size_t whole = count / LIMB_BITS, part = count % LIMB_BITS;
        std::vector<Limb> limbs(size() + whole + 1, 0);
        for (std::size_t i = 0; i < size(); i++) {
            limbs[i + whole] |= limbs_[i] << part;
            if (part != 0) limbs[i + whole + 1] = limbs_[i] >> (LIMB_BITS - part);
        }
        return Integer(std::move(limbs), negative_);
    }

    // The magnitude's bits from `count` on, with the sign.
    Integer shifted_down(std::size_t count) const {
        const std::size_t whole = count / LIMB_BITS, part = count % LIMB_BITS;
        if (whole >= size()) return Integer();
        std::vector<Limb> limbs(size() - whole, 0);
        for (std::size_t i = 0; i < limbs.size(); i++) {
            limbs[i] = limbs_[i + whole] >> part;
            if (part != 0 && i + whole + 1 < size()) limbs[i] |= limbs_[i + whole + 1] << (LIMB_BITS - part);
        }
        return Integer(std::move(limbs), negative_);
    }

    // How often 2 divides a number that is not zero.
    std::size_t twos() const {
        std::size_t i = 0;
        while (limbs_[i] == 0) i++;
        return LIMB_BITS * i + std::size_t(__builtin_ctzll(limbs_[i]));
    }

    // a = q b + r with |r| < |b| and r of the sign of a; b is not zero.
    static std::pair<Integer, Integer> divided(const Integer &a, const Integer &b) {
        if (compare_magnitudes(a, b) < 0) return {Integer(), a};
        const bool negative = a.negative_ != b.negative_;
        std::vector<Limb> quotient(a.size() - b.size() + 1, 0);
        if (b.size() == 1) {
            Wide rest = 0;
            for (std::size_t i = a.size(); i-- > 0;) {
                rest = rest << LIMB_BITS | a.limbs_[i];
                quotient[i] = Limb(rest / b.limbs_[0]);
                rest %= b.limbs_[0];
            }
            return {Integer(std::move(quotient), negative), Integer({Limb(rest)}, a.negative_)};
        }
        const std::size_t shift = std::size_t(__builtin_clzll(b.limbs_.back()));
        std::vector<Limb> u = a.shifted_up(shift).limbs_;
        const std::vector<Limb> v = b.shifted_up(shift).limbs_;
        u.resize(a.size() + 1, 0);
        divide_normal(u, v, quotient);
        return {Integer(std::move(quotient), negative), Integer(std::move(u), a.negative_).shifted_down(shift)};
    }

    // The largest integer that is at most a / b; b is positive.
    static Integer floor_divided(const Integer &a, const Integer &b) {
        auto [quotient, rest] = divided(a, b);
        if (rest.sign() < 0) quotient -= Integer(1);
        return quotient;
    }

    static Integer gcd(Integer a, Integer b) {
        while (!b.is_zero()) {
            Integer rest = divided(a, b).second;
            a = std::move(b);
            b = std::move(rest);
        }
        return a.magnitude();
    }

  private:
    void trim() {
        while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
        negative_ = negative_ && !limbs_.empty();
    }

    static void negate(std::vector<Limb> &limbs) {
        bool carry = true;
        for (Limb &limb : limbs) {
            limb = ~limb + Limb(carry);
            carry = carry && limb == 0;
        }
    }

    Integer &add(const Integer &other, bool negative) {
        if (negative_ == negative || is_zero()) {
            const std::vector<Limb> copy = &other == this ? other.limbs_ : std::vector<Limb>();
            const std::vector<Limb> &more = &other == this ? copy : other.limbs_;
            limbs_.resize(std::max(size(), more.size()) + 1, 0);
            Limb carry = 0;
            for (std::size_t i = 0; i < limbs_.size(); i++) {
                const Wide sum = Wide(limbs_[i]) + (i < more.size() ? more[i] : 0) + carry;
                limbs_[i] = Limb(sum);
                carry = Limb(sum >> LIMB_BITS);
            }
            negative_ = negative;
        } else {
            const bool swaps = compare_magnitudes(*this, other) < 0;
            const std::vector<Limb> large = swaps ? other.limbs_ : limbs_, small = swaps ? limbs_ : other.limbs_;
            limbs_ = large;
            Limb borrow = 0;
            for (std::size_t i = 0; i < limbs_.size(); i++) {
                const Wide rest = Wide(large[i]) - (i < small.size() ? small[i] : 0) - borrow;
                limbs_[i] = Limb(rest);
                borrow = Limb(rest >> LIMB_BITS) & 1;
            }
            if (swaps) negative_ = negative;
        }
        trim();
        return *this;
    }

    // Steps D2 to D7: v has at least two limbs, the highest with its highest bit; u becomes the rest.
    static void divide_normal(std::vector<Limb> &u, const std::vector<Limb> &v, std::vector<Limb> &quotient) {
        std::size_t n = v.size();
        while (v[n - 1] == 0) n--;
        for (std::size_t j = u.size() - n; j-- > 0;) {
            const Wide top = Wide(u[j + n]) << LIMB_BITS | u[j + n - 1];
            Wide guess, rest;
            if (u[j + n] >= v[n - 1]) { // the quotient's limb would not fit
                guess = ~Limb(0);
                rest = top - guess * v[n - 1];
            } else {
                guess = top / v[n - 1];
                rest = top % v[n - 1];
            }
            while (rest >> LIMB_BITS == 0 && guess * v[n - 2] > (rest << LIMB_BITS | u[j + n - 2])) {
                guess--;
                rest += v[n - 1];
            }
            Limb borrow = 0;
            for (std::size_t i = 0; i < n; i++) {
                const Wide product = Wide(Limb(guess)) * v[i] + borrow;
                borrow = Limb(product >> LIMB_BITS) + (u[i + j] < Limb(product));
                u[i + j] -= Limb(product);
            }
            const bool too_much = u[j + n] < borrow;
            u[j + n] -= borrow;
            if (too_much) {
                guess--;
                Limb carry = 0;
                for (std::size_t i = 0; i < n; i++) {
                    const Wide sum = Wide(u[i + j]) + v[i] + carry;
                    u[i + j] = Limb(sum);
                    carry = Limb(sum >> LIMB_BITS);
                }
                u[j + n] += carry;
            }
            if (j < quotient.size()) quotient[j] = Limb(guess);
        }
    }

    std::vector<Limb> limbs_;
    bool negative_ = false;
};

} // namespace polyrelu_checker
