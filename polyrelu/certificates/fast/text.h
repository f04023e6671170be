// Text as words, and numbers as the files have them. Whatever is not what it should be is a Rejected.
#pragma once

#include <cstring>
#include <stdexcept>
#include <string>

#include "integer.h"

namespace polyrelu_checker {

// What was claimed is not proved, and why.
class Rejected : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

inline void need(bool condition, const char *message) {
    if (!condition) throw Rejected(message);
}

constexpr std::size_t MOST_DIGITS = std::size_t(1) << 16;
constexpr std::size_t MOST_IN_LINE = std::size_t(1) << 20;
constexpr std::size_t MOST_IN_BLOCK = std::size_t(1) << 17;
constexpr std::size_t MOST_DIGITS_IN_BLOCK = std::size_t(1) << 28;
constexpr std::size_t MOST_FACES = std::size_t(1) << 17;
constexpr std::size_t MOST_WORK = std::size_t(1) << 26; // on the faces of a cell

struct Word {
    const char *start;
    std::size_t length;

    bool is(const char *text) const { return std::strlen(text) == length && std::memcmp(start, text, length) == 0; }
    std::string text() const { return std::string(start, length); }
};

// The value of a digit, or 16 for what is none.
inline unsigned hex_value(char c) {
    static const std::vector<unsigned char> VALUES = [] {
        std::vector<unsigned char> values(256, 16);
        for (unsigned k = 0; k < 16; k++) values[std::size_t("0123456789abcdef"[k])] = static_cast<unsigned char>(k);
        return values;
    }();
    return VALUES[static_cast<unsigned char>(c)];
}

// An integer in hexadecimal digits.
inline Integer integer_of(const Word &word) {
    const std::size_t signs = word.length > 0 && word.start[0] == '-' ? 1 : 0;
    need(word.length > signs, "a number without digits");
    need(word.length <= MOST_DIGITS, "a number that is too long");
    std::vector<Limb> limbs((word.length - signs + 15) / 16, 0);
    const char *first = word.start + signs, *end = word.start + word.length;
    unsigned seen = 0;
    for (Limb &limb : limbs) {
        const char *start = end - first > 16 ? end - 16 : first;
        for (const char *digit = start; digit < end; digit++) {
            const unsigned value = hex_value(*digit);
            seen |= value;
            limb = limb << 4 | value;
        }
        end = start;
    }
    need(seen < 16, "a number with other characters than digits");
    return Integer(std::move(limbs), signs != 0);
}

// A number from 0 to `most`, in hexadecimal digits.
inline std::size_t small_of(const Word &word, std::size_t most) {
    need(word.length > 0, "a number without digits");
    need(word.length <= MOST_DIGITS, "a number that is too long");
    std::size_t value = 0;
    for (std::size_t i = 0; i < word.length; i++) {
        const unsigned digit = hex_value(word.start[i]);
        need(digit < 16, "a number with other characters than digits");
        value = 16 * value + digit;
        need(value <= most, "a number that is out of its range");
    }
    return value;
}

// Words of a text, one after the other, line by line.
class Words {
  public:
    Words(const char *start, std::size_t length, std::size_t most_in_line = MOST_IN_LINE)
        : at_(start), line_end_(start), rest_(start), end_(start + length), most_in_line_(most_in_line) {}

    // Goes to the next line; false if there is none.
    bool next_line() {
        if (rest_ == end_) return false;
        at_ = rest_;
        const void *found = std::memchr(at_, '\n', std::size_t(end_ - at_));
        line_end_ = found == nullptr ? end_ : static_cast<const char *>(found);
        rest_ = found == nullptr ? end_ : line_end_ + 1;
        need(std::size_t(line_end_ - at_) <= most_in_line_, "a line that is too long");
        return true;
    }

    // The next word of this line; false if there is none.
    bool next(Word &word) {
        while (at_ < line_end_ && is_blank(*at_)) at_++;
        if (at_ == line_end_) return false;
        word.start = at_;
        while (at_ < line_end_ && !is_blank(*at_)) at_++;
        word.length = std::size_t(at_ - word.start);
        return true;
    }

    Word needed() {
        Word word{nullptr, 0};
        need(next(word), "a line that ends too early");
        return word;
    }

  private:
    // What Python's str.split takes for blanks.
    static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= '\x1f'); }

    const char *at_, *line_end_, *rest_, *end_;
    std::size_t most_in_line_;
};

} // namespace polyrelu_checker
