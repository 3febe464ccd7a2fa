#include "json.hpp"

#include <algorithm>
#include <charconv>
#include <locale>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace kousei::detail {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool continues(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// The number that is written as JSON writes them; nothing where no double is near it.
std::optional<double> real(std::string_view text) {
    double value = 0;
#if defined(__cpp_lib_to_chars)
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) return {};
#else  // as in libc++
    std::istringstream stream{std::string(text)};
    stream.imbue(std::locale::classic());
    if (!(stream >> value)) return {};
#endif
    return value;
}

/// Bytes of the UTF-8 character at `at`; 0 if there is none.
std::size_t character_bytes(std::string_view text, std::size_t at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80) return 1;
    const std::size_t bytes = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (bytes == 0 || text.size() - at < bytes) return 0;
    const auto second = static_cast<unsigned char>(text[at + 1]);
    // Overlong forms, surrogates, and what lies beyond U+10FFFF.
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
        (lead == 0xF4 && second > 0x8F)) {
        return 0;
    }
    const auto rest = text.substr(at + 1, bytes - 1);
    return std::all_of(rest.begin(), rest.end(), continues) ? bytes : 0;
}

void append_character(std::string& to, std::uint32_t code) {
    const auto byte = [&](std::uint32_t value) { to += static_cast<char>(static_cast<unsigned char>(value)); };
    const auto rest = [&](int shift) { byte(0x80U | ((code >> shift) & 0x3FU)); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) {
        byte(0xC0U | (code >> 6));
    } else {
        if (code < 0x10000) {
            byte(0xE0U | (code >> 12));
        } else {
            byte(0xF0U | (code >> 18));
            rest(12);
        }
        rest(6);
    }
    rest(0);
}

}  // namespace

void fail(const std::string& message) {
    throw std::invalid_argument(message);
}

JsonReader::JsonReader(std::string_view text, std::string_view what) : text_(text), what_(what) {
    while (at_ < text_.size()) {
        const std::size_t bytes = character_bytes(text_, at_);
        if (bytes == 0) refuse("UTF-8");
        at_ += bytes;
    }
    at_ = 0;
}

void JsonReader::refuse(const std::string& accepted) const {
    fail(std::string(what_) + ", byte " + std::to_string(at_) + ": " + accepted + " is accepted");
}

void JsonReader::skip_space() {
    at_ = std::min(text_.find_first_not_of(" \t\n\r", at_), text_.size());
}

bool JsonReader::is_next(char first) {
    skip_space();
    return at_ < text_.size() && text_[at_] == first;
}

bool JsonReader::accept(char wanted) {
    if (!is_next(wanted)) return false;
    ++at_;
    return true;
}

void JsonReader::expect(char wanted) {
    if (!accept(wanted)) refuse(std::string("'") + wanted + "'");
}

std::string JsonReader::string() {
    if (!is_next('"')) refuse("a string");
    ++at_;
    std::string value;
    while (true) {
        const std::size_t plain = at_;
        while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
               static_cast<unsigned char>(text_[at_]) >= 0x20) {
            ++at_;
        }
        value.append(text_.substr(plain, at_ - plain));
        if (at_ == text_.size()) refuse("'\"'");
        if (text_[at_] == '"') break;
        if (text_[at_] != '\\') refuse("no control character in a string");
        ++at_;
        append_escape(value);
    }
    ++at_;
    return value;
}

void JsonReader::append_escape(std::string& to) {
    constexpr std::string_view letters = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
    const char letter = at_ < text_.size() ? text_[at_] : '\0';
    if (const std::size_t known = letters.find(letter); known != std::string_view::npos) {
        ++at_;
        to += meant[known];
        return;
    }
    if (letter != 'u') refuse("one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    ++at_;
    std::uint32_t code = hex4();
    if (code >= 0xD800 && code < 0xE000) {
        const bool paired = code < 0xDC00 && text_.substr(at_, 2) == "\\u";
        if (!paired) refuse("a pair of surrogates");
        at_ += 2;
        const std::uint32_t low = hex4();
        if (low < 0xDC00 || low >= 0xE000) refuse("a pair of surrogates");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_character(to, code);
}

std::uint32_t JsonReader::hex4() {
    std::uint32_t code = 0;
    const std::string_view digits = text_.substr(at_, 4);
    const char* const end = digits.data() + digits.size();
    if (digits.size() < 4 || std::from_chars(digits.data(), end, code, 16).ptr != end)
        refuse("four hexadecimal digits");
    at_ += 4;
    return code;
}

std::int64_t JsonReader::count() {
    skip_space();
    const std::string_view rest = text_.substr(at_);
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    std::int64_t value = 0;
    const auto read = std::from_chars(rest.data(), rest.data() + digits, value);
    const bool plain = digits == 1 || (digits > 1 && rest[0] != '0');
    const bool goes_on = digits < rest.size() && std::string_view(".eE").find(rest[digits]) != std::string_view::npos;
    if (!plain || goes_on || read.ec != std::errc{}) refuse("an integer from 0 to 2^63 - 1");
    at_ += digits;
    return value;
}

double JsonReader::number() {
    skip_space();
    const std::string_view rest = text_.substr(at_);
    std::size_t n = 0;
    const auto digits = [&] {
        const std::size_t from = n;
        while (n < rest.size() && is_digit(rest[n])) ++n;
        return n - from;
    };
    const auto take = [&](std::string_view any) {
        return n < rest.size() && any.find(rest[n]) != std::string_view::npos && ++n > 0;
    };
    take("-");
    const std::size_t whole = n;
    bool valid = digits() > 0 && (rest[whole] != '0' || n == whole + 1);
    if (take(".")) valid = digits() > 0 && valid;
    if (take("eE")) {
        take("+-");
        valid = digits() > 0 && valid;
    }
    const std::optional<double> value = valid ? real(rest.substr(0, n)) : std::nullopt;
    if (!value) refuse("a finite number");
    at_ += n;
    return *value;
}

void JsonReader::end() {
    skip_space();
    if (at_ != text_.size()) refuse("nothing more");
}

void JsonReader::refuse_duplicates(std::vector<std::string>& keys) const {
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice != keys.end()) fail(std::string(what_) + ": " + shown(*twice) + " is there twice; once is accepted");
}

std::string shown(std::string_view name) {
    constexpr std::size_t most = 60;
    std::size_t kept = std::min(name.size(), most);
    while (kept > 0 && kept < name.size() && continues(name[kept])) --kept;
    std::string text = "'";
    for (const char c : name.substr(0, kept)) text += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    return text + (kept < name.size() ? "...'" : "'");
}

}  // namespace kousei::detail
