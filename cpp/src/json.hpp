#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kousei::detail {

/// Throws std::invalid_argument.
[[noreturn]] void fail(const std::string& message);

/// Strict JSON, read value by value: a caller asks for what it accepts, so nothing recurses and no tree is built.
/// Anything else is a std::invalid_argument that says what is accepted at which byte.
class JsonReader {
 public:
    /// `what` is how messages call the text, which has to be UTF-8.
    JsonReader(std::string_view text, std::string_view what);

    std::string string();
    /// An integer of at least 0.
    std::int64_t count();
    double number();
    /// Whether a value of this kind comes next, by its first character.
    bool is_next(char first);
    /// member(key) reads the value. A key that is there twice is refused.
    template <class F>
    void object(F&& member) {
        expect('{');
        if (accept('}')) return;
        std::vector<std::string> keys;
        do {
            keys.push_back(string());
            expect(':');
            member(keys.back());
        } while (accept(','));
        expect('}');
        refuse_duplicates(keys);
    }
    /// element() reads one value.
    template <class F>
    void array(F&& element) {
        expect('[');
        if (accept(']')) return;
        do {
            element();
        } while (accept(','));
        expect(']');
    }
    /// Nothing but space may be left.
    void end();
    [[noreturn]] void refuse(const std::string& accepted) const;

 private:
    void skip_space();
    bool accept(char wanted);
    void expect(char wanted);
    void append_escape(std::string& to);
    std::uint32_t hex4();
    void refuse_duplicates(std::vector<std::string>& keys) const;

    std::string_view text_, what_;
    std::size_t at_ = 0;
};

/// A name as messages show it: in quotes, printable and short.
std::string shown(std::string_view name);

}  // namespace kousei::detail
