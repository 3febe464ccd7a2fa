#include <doctest/doctest.h>
#include <kousei/binary_file.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "saved_files.hpp"
#include "workspace.hpp"

namespace binary = kousei::binary;

namespace {

template <class Real>
std::vector<Real> values(const binary::Saved<Real>& net, const std::vector<Real>& x) {
    const binary::View<Real>& view = net.view();
    const std::int64_t points = std::ssize(x) / view.first.inputs;
    std::vector<Real> out(static_cast<std::size_t>(points * view.outputs()));
    const kousei::Cpu on{1};
    const OwnedWorkspace workspace(binary::workspace_bytes(on, view, points));
    binary::evaluate(on, view, x.data(), points, out.data(), workspace.lent());
    return out;
}

template <class Real>
void check_refused(const Bytes& file, const char* message) {
    CHECK_THROWS_WITH_AS(binary::Saved<Real>{file}, doctest::Contains(message), std::invalid_argument);
}

}  // namespace

TEST_CASE("a binary network of Python, by its chains") {
    const Bytes file = data("binary.safetensors");
    binary::Saved<double> first(file);
    const binary::Saved<double> net = std::move(first);
    CHECK(net.view().first.inputs == 2);
    CHECK(net.view().multiples.units == 6);
    REQUIRE(net.view().layers.size() == 2);
    CHECK(net.view().layers[0].chain != nullptr);
    CHECK(net.view().layers[0].signs.signs.words == nullptr);
    CHECK(net.view().layers[0].parts[0].which == kousei::Activation::relu);
    CHECK(net.view().layers[1].parts.empty());
    CHECK(net.view().layers[0].values() == 2);
    CHECK(net.view().layers[0].units() == 3);
    CHECK(net.view().layers[0].multiples.factors[1] == doctest::Approx(1 / 3.0));
    CHECK(values<double>(net, {1, 0, -1, 2, 3, -2, 0.5, 0.25}) == std::vector<double>{-5, 5, 0, 0, -19, 19, -2, 2});
}

TEST_CASE("a binary network of a file without multiples") {
    const Bytes file = data("binary_without_multiples.safetensors");
    const binary::Saved<double> net(file);
    CHECK(net.view().layers[0].values() == 3);
    CHECK(net.view().layers[0].multiples.sources == nullptr);
    CHECK(values<double>(net, {1, 0, -1, 2, 3, -2, 0.5, 0.25}) == std::vector<double>{-5, 5, 0, 0, -19, 19, -2, 2});
}

TEST_CASE("a binary network of Python, by its bits, of units of several activations") {
    const Bytes file = data("signs.safetensors");
    const binary::Saved<float> net(file);
    CHECK(net.view().layers[0].chain == nullptr);
    CHECK(net.view().multiples.factors[1] == 4);  // 2^2, of max(z, 0)^2
    CHECK(net.view().multiples.factors[2] == 3);
    const float first[] = {0.765625F, 49, 0};
    const float second[] = {first[0] - first[1], 1 - first[0] - first[1], first[0] + first[1] - 2,
                            first[0] - first[1] + 0.5F};
    const float expected = second[0] / 2 - second[1] / 2 + second[2] - second[3] + 0.125F;
    CHECK(values<float>(net, {1, -1}) == std::vector<float>{expected});
}

TEST_CASE("binary networks of another kind") {
    const Bytes file = data("binary.safetensors");
    check_refused<float>(file, "has dtype F64; F32 is accepted");
    check_refused<double>(data("dense.safetensors"), "the class of the network is 'MLP'; BinaryNetwork is accepted");
    check_refused<double>(replaced(file, R"(\"chain\")", R"(\"chase\")"), "'chase' is not among 'chain', 'dyadic'");
    check_refused<double>(replaced(file, R"(\"affine\")", R"(\"fine\")"), "'fine' is not among 'affine', 'strict'");
    check_refused<double>(replaced(file, R"(\"sizes\": [2, 6)", R"(\"sizes\": [2, 7)"), "'sizes' of the metadata");
    check_refused<double>(replaced(file, R"(\"sizes\": [2, 6, 3, 2], )", ""), "'sizes' of the metadata");
    check_refused<double>(replaced(file, R"(\"source\")", R"(\"sauce\")"), "'activations', 'sizes' or 'source'");
    check_refused<double>(replaced(file, R"(\"sha256\")", R"(\"sha512\")"), "'sizes' or 'sha256' is accepted");
    check_refused<double>(replaced(file, R"(\"method\": \"chain\", )", ""), "has not both 'method' and");
    check_refused<double>(replaced(file, R"(\"relu\", \"relu\")", R"(\"relu\", \"tanh\")"),
                          "not positively homogeneous");
    check_refused<double>(replaced(file, R"(\"relu\", \"relu\")", R"(\"relu\")"),
                          "the file has 16 tensors; the network");
    check_refused<double>(replaced(file, R"(\"chain\")", R"(\"bits\")"), "tensor 'b1.errors' is missing");
    const Bytes mixed = data("signs.safetensors");
    check_refused<float>(replaced(mixed, R"(\"kinks\": [0.0])", R"(\"kinks\": [1.0])"), "not positively homogeneous");
    check_refused<float>(replaced(mixed, R"([\"relu\", 1])", R"([\"relu\", 2])"), "for more units than the 2");
}

TEST_CASE("binary networks that do not fit") {
    const Bytes file = data("binary.safetensors");
    const auto changed_to = [&](const char* tensor, std::size_t index, auto value) {
        return changed(file, tensor, index, value);
    };
    check_refused<double>(changed_to("a.src", 0, std::int32_t{2}), "a.src has 2; there are 2 rows");
    check_refused<double>(changed_to("a.src", 5, std::int32_t{-1}), "a.src has -1");
    check_refused<double>(changed_to("a.scale", 1, 0.0), "a.scale has 0");
    check_refused<double>(changed_to("a.scale", 1, -1.0), "a.scale has -1");
    check_refused<double>(changed_to("a.scale", 1, std::numeric_limits<double>::infinity()), "a.scale has inf");
    check_refused<double>(changed_to("a.scale", 1, std::numeric_limits<double>::quiet_NaN()), "a.scale has nan");
    check_refused<float>(changed(data("signs.safetensors"), "a.scale", 1, 1e20), "a.scale has 1");
    check_refused<double>(changed_to("b1.bits", 0, std::uint32_t{0x40}), "b1.bits has a bit past column 5 in row 0");
    check_refused<double>(changed_to("b1.bits", 7, std::uint32_t{1}), "b1.bits has a bit past column 5 in row 1");
    check_refused<double>(changed_to("b1.bits", 0, std::uint32_t{1}), "do not give the signs of b1.bits");
    check_refused<double>(changed_to("b1.rank", 0, std::uint16_t{3}), "not below the number of rows, 3");
    check_refused<double>(changed_to("b1.rank", 1, std::uint16_t{0}), "do not give the signs of b1.bits");
    check_refused<double>(changed_to("b1.sign", 0, std::int8_t{2}), "an entry that is not -1, 0 or 1");
    check_refused<double>(changed_to("b1.sign", 0, std::int8_t{0}), "do not give the signs of b1.bits");
    check_refused<double>(changed_to("b1.src", 0, std::int32_t{1}), "b1.src does not ascend from 0 on");
    check_refused<double>(changed_to("b1.src", 0, std::int32_t{-1}), "b1.src does not ascend from 0 on");
    check_refused<double>(
        replaced(file, R"("b1.bits":{"dtype":"U32","shape":[3,4])", R"("b1.bits":{"dtype":"U32","shape":[4,3])"),
        "b1.bits has 3 words in a row; 4");
    check_refused<double>(replaced(file, R"("b1.bits":{"dtype":"U32")", R"("b1.bits":{"dtype":"F32")"),
                          "has dtype F32; U32 is accepted");
    check_refused<double>(
        replaced(file, R"("b1.rank":{"dtype":"U16","shape":[3,2])", R"("b1.rank":{"dtype":"U16","shape":[2,3])"),
        "b1 has ranks (2, 3), 2 sources");
    check_refused<double>(
        replaced(file, R"("a0.weight":{"dtype":"F64","shape":[2,2])", R"("a0.weight":{"dtype":"F64","shape":[1,4])"),
        "a0.weight is (1, 4) and has 2");
    check_refused<double>(changed_to("b1.row", 0, std::int32_t{3}), "b1.row has 3; there are 3 rows");
    check_refused<double>(changed_to("b1.row", 1, std::int32_t{-1}), "b1.row has -1; there are 3 rows");
    check_refused<double>(changed_to("b1.row", 0, std::int32_t{1}), "b1.row has 1, which takes another row");
    check_refused<double>(changed_to("b1.scale", 1, 0.0), "b1.scale has 0");
    for (const std::size_t unit : {0, 1, 2}) {  // unit 1 is a multiple of unit 0
        check_refused<double>(changed_to("b1.scale", unit, 2.0), "b1.scale has 2.000000; numbers up to 1, and 1");
        for (const double wrong : {std::numeric_limits<double>::infinity(), std::nan("")}) {
            check_refused<double>(changed_to("b1.bias", unit, wrong), "not the multiple that b1.row and .scale say");
        }
    }
    for (const std::size_t unit : {0, 2}) {
        check_refused<double>(changed_to("b1.scale", unit, 0.5), "b1.scale has 0.500000; numbers up to 1, and 1");
    }
    for (const std::size_t unit : {0, 1}) {
        check_refused<double>(changed_to("b1.bias", unit, 1e-9), "not the multiple that b1.row and .scale say");
    }
    const Bytes biased = changed(changed_to("b1.bias", 0, -3.0), "b1.bias", 1, -1.0);
    CHECK(binary::Saved<double>(biased).view().layers[0].bias[0] == -3);
    check_refused<double>(changed(biased, "b1.bias", 1, -1.00001),
                          "b1.bias has -1.000010, which is not the multiple");
    check_refused<double>(
        replaced(file, R"("b1.row":{"dtype":"I32","shape":[3])", R"("b1.row":{"dtype":"I32","shape":[4])"), "b1.row");
}
