#include <doctest/doctest.h>
#include <kousei/safetensors.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace st = kousei::safetensors;

namespace {

/// A file in memory that is aligned for any element.
class File {
 public:
    File(const std::string& header, std::size_t data_bytes) : File(header.size(), header, data_bytes) {}
    File(std::uint64_t length, const std::string& header, std::size_t data_bytes)
        : bytes_(8 + header.size() + data_bytes) {
        std::memcpy(bytes_.data(), &length, 8);
        std::memcpy(bytes_.data() + 8, header.data(), header.size());
    }
    std::byte* data() { return bytes_.data() + bytes_.size(); }
    std::span<const std::byte> bytes() const { return bytes_; }
    st::Header read() const { return st::read_header(bytes_, std::ssize(bytes_)); }

 private:
    std::vector<std::byte> bytes_;
};

std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                   const std::string& offsets) {
    return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

std::string object(std::initializer_list<std::string> members) {
    std::string text;
    for (const std::string& member : members) text.append(text.empty() ? "{" : ",").append(member);
    return text.append("}");
}

void check_refused(const File& file, const char* message) {
    CHECK_THROWS_WITH_AS(file.read(), doctest::Contains(message), std::invalid_argument);
}

}  // namespace

TEST_CASE("tensors and metadata of a file") {
    const std::string header = object({R"("__metadata__":{"a":"1","\u00e9\ud83d\ude00":"\"\\\/\n"})",
                                       tensor("w", "F64", "[2,1]", "[8,24]"), tensor("e", "F32", "[0,3]", "[24,24]"),
                                       tensor("s", "I64", "[]", "[0,8]"), tensor("z", "F64", "[0]", "[8,8]")});
    std::string padded = header;
    padded.resize((header.size() + 7) / 8 * 8, ' ');
    File file(padded, 24);
    const std::int64_t seven = 7;
    const double numbers[] = {0.5, -2};
    std::memcpy(file.data() - 24, &seven, 8);
    std::memcpy(file.data() - 16, numbers, 16);

    const st::Header read = file.read();
    CHECK(read.metadata.at("a") == "1");
    CHECK(read.metadata.at("\u00e9\U0001F600") == "\"\\/\n");
    CHECK(read.tensors.size() == 4);
    CHECK(read.tensors.at("w").shape == std::vector<std::int64_t>{2, 1});
    CHECK(st::values<std::int64_t>(file.bytes(), read.tensors.at("s"))[0] == 7);
    CHECK(st::values<double>(file.bytes(), read.tensors.at("w"))[1] == -2);
    CHECK(st::values<float>(file.bytes(), read.tensors.at("e")).empty());
    CHECK_THROWS_WITH_AS(st::values<float>(file.bytes(), read.tensors.at("w")),
                         doctest::Contains("tensor 'w' has dtype F64; F32 is accepted"), std::invalid_argument);
    CHECK_THROWS_WITH_AS(st::values<double>(file.bytes().first(100), read.tensors.at("w")),
                         doctest::Contains("is not inside the 100 bytes"), std::invalid_argument);
}

TEST_CASE("a header is enough, and less is not") {
    const File file(object({tensor("w", "F64", "[2]", "[0,16]")}), 16);
    const auto header = file.bytes().first(file.bytes().size() - 16);
    CHECK(st::read_header(header, std::ssize(file.bytes())).tensors.at("w").bytes == 16);
    CHECK(st::header_bytes(header.first(8), std::ssize(file.bytes())) == std::ssize(header) - 8);
    CHECK_THROWS_WITH_AS(st::read_header(header.first(20), std::ssize(file.bytes())),
                         doctest::Contains("to the end of the header"), std::invalid_argument);
}

TEST_CASE("elements that are not aligned are refused") {
    const File file(object({tensor("w", "F64", "[1]", "[0,8]")}), 8);
    const st::Header read = file.read();
    const std::size_t misaligned = static_cast<std::size_t>(read.tensors.at("w").first) % 8;
    REQUIRE(misaligned != 0);
    CHECK_THROWS_WITH_AS(st::values<double>(file.bytes(), read.tensors.at("w")),
                         doctest::Contains("is not aligned to 8 bytes"), std::invalid_argument);
}

TEST_CASE("lengths that do not fit the file") {
    check_refused(File(5, "", 0), "the header has 5 bytes and the file 8; it is cut off");
    check_refused(File(0, "", 0), "byte 8 is not the '{'");
    check_refused(File(std::uint64_t{1} << 63, "{}", 0), "at most 4194304 are accepted");
    check_refused(File(static_cast<std::uint64_t>(st::most_header_bytes) + 1, "{}", 0), "at most 4194304");
    const std::byte few[4] = {};
    CHECK_THROWS_WITH_AS(st::read_header(few, 4), doctest::Contains("the file has 4 bytes"), std::invalid_argument);
    CHECK(File(std::string("{}") + std::string(st::most_header_bytes - 2, ' '), 0).read().tensors.empty());
}

TEST_CASE("tensors that do not fit the data") {
    const auto one = [](const char* dtype, const char* shape, const char* offsets) {
        return object({tensor("t", dtype, shape, offsets)});
    };
    check_refused(File(one("F64", "[2]", "[0,16]"), 8), "bytes 0 to 16 of the data; the file has 8");
    check_refused(File(one("F64", "[1]", "[8,0]"), 8), "bytes 8 to 0");
    check_refused(File(one("F64", "[2]", "[0,8]"), 8), "has 8 bytes; its shape and dtype take 16");
    check_refused(File(one("F64", "[1]", "[0,8]"), 9), "the tensors end at byte");
    check_refused(File(one("F8", "[1]", "[0,8]"), 8), "has dtype 'F8'; F64, F32");
    check_refused(File(one("F64", "[2305843009213693952,1]", "[0,0]"), 0), "64 bits cannot count");
    check_refused(File(one("F64", "[4294967296,4294967296,0]", "[0,0]"), 0), "64 bits cannot count");
    const auto two = [](const char* first, const char* second) {
        return object({tensor("a", "U8", "[2]", first), tensor("b", "U8", "[2]", second)});
    };
    check_refused(File(two("[0,2]", "[1,3]"), 3), "tensor 'b' begins at byte 1 of the data; 2 is accepted");
    check_refused(File(two("[0,2]", "[4,6]"), 6), "tensor 'b' begins at byte 4 of the data; 2 is accepted");
    check_refused(File(two("[0,2]", "[0,2]"), 2), "begins at byte 0 of the data; 2 is accepted");
    check_refused(File(two("[0,2]", "[1,3]"), 4), "tensor 'b' begins at byte 1 of the data; 2 is accepted");
    std::string axes = "[1";
    for (std::size_t i = 1; i < st::most_axes; ++i) axes += ",1";
    CHECK(File(one("U8", (axes + "]").c_str(), "[0,1]"), 1).read().tensors.size() == 1);
    check_refused(File(one("U8", (axes + ",1]").c_str(), "[0,1]"), 1), "a shape of at most 32 axes");
}

TEST_CASE("headers that are not what the format allows") {
    const std::string t = tensor("t", "U8", "[0]", "[0,0]");
    check_refused(File(object({t, t}), 0), "'t' is there twice");
    check_refused(File(R"({"__metadata__":{"a":"","a":""}})", 0), "'a' is there twice");
    check_refused(File(R"({"__metadata__":{},"__metadata__":{}})", 0), "'__metadata__' is there twice");
    check_refused(File(R"({"t":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}})", 0),
                  "'dtype' is there");
    check_refused(File(R"({"t":{"dtype":"U8","shape":[0]}})", 0), "has not all of");
    check_refused(File(R"({"t":{"dtype":"U8","shape":[0],"data_offsets":[0]}})", 0), "has not all of");
    check_refused(File(R"({"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}})", 0), "and one past the last");
    check_refused(File(R"({"t":{"dtype":"U8","strides":[0]}})", 0), "not 'strides'");
    check_refused(File(R"({"t":1})", 0), "header, byte 5: '{' is accepted");
    check_refused(File(R"({"t":{"shape":[-1]}})", 0), "an integer from 0");
    check_refused(File(R"({"t":{"shape":[1.0]}})", 0), "an integer from 0");
    check_refused(File(R"({"t":{"shape":[01]}})", 0), "an integer from 0");
    check_refused(File(R"({"t":{"shape":[9223372036854775808]}})", 0), "an integer from 0 to 2^63 - 1");
    check_refused(File(R"({"t":{"shape":[1,]}})", 0), "an integer from 0");
    check_refused(File(R"({"t":{"dtype":null}})", 0), "a string");
    check_refused(File(R"({"__metadata__":{"a":1}})", 0), "a string");
    check_refused(File(R"({} x)", 0), "nothing more");
    check_refused(File(R"( {})", 0), "byte 8 is not the '{'");
    check_refused(File(R"({)", 0), "a string");
    check_refused(File(R"({"a)", 0), "'\"'");
    check_refused(File(R"({"\x":1})", 0), "one of \\\"");
    check_refused(File(R"({"\ud800":1})", 0), "a pair of surrogates");
    check_refused(File(R"({"\udc00\ud800":1})", 0), "a pair of surrogates");
    check_refused(File(R"({"\u12g4":1})", 0), "four hexadecimal digits");
    check_refused(File("{\"a\nb\":1}", 0), "no control character");
    for (const char* bytes : {"\xff", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3"}) {
        check_refused(File(object({std::string(bytes)}), 0), "UTF-8");
    }
    check_refused(File(object({std::string(R"("\u0007)").append(100, 'n').append(R"(":{})")}), 0), "tensor '?nnnn");
}

TEST_CASE("a file is read whole, or named") {
    const auto path = std::filesystem::temp_directory_path() / "kousei_test.safetensors";
    std::ofstream(path, std::ios::binary) << "12345";
    CHECK(st::read_file(path).size() == 5);
    std::filesystem::remove(path);
    CHECK_THROWS_WITH_AS(st::read_file(path), doctest::Contains("kousei_test.safetensors"), std::invalid_argument);
    CHECK_THROWS_AS(st::read_file(std::filesystem::temp_directory_path()), std::invalid_argument);
}
