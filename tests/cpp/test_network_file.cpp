#include <doctest/doctest.h>
#include <kousei/network_file.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "saved_files.hpp"
#include "workspace.hpp"

namespace network = kousei::network;

namespace {

template <class Real>
std::vector<Real> values(const network::Saved<Real>& net, const std::vector<Real>& x) {
    const auto layers = net.layers();
    const std::int64_t points = std::ssize(x) / layers.front().inputs;
    std::vector<Real> out(static_cast<std::size_t>(points * layers.back().units));
    const kousei::Cpu on{1};
    const OwnedWorkspace workspace(network::workspace_bytes(on, layers, points));
    network::evaluate(on, layers, x.data(), points, out.data(), workspace.lent());
    return out;
}

/// A file of this header, with zeros behind it.
Bytes file_of(const std::string& header, std::size_t zeros) {
    const std::uint64_t length = (header.size() + 7) / 8 * 8;
    Bytes file(8 + length + zeros);
    std::memcpy(file.data(), &length, 8);
    std::memset(file.data() + 8, ' ', length);
    std::memcpy(file.data() + 8, header.data(), header.size());
    return file;
}

template <class Real>
void check_refused(const Bytes& file, const char* message) {
    CHECK_THROWS_WITH_AS(network::Saved<Real>{file}, doctest::Contains(message), std::invalid_argument);
}

}  // namespace

TEST_CASE("a dense network of Python") {
    const Bytes file = data("dense.safetensors");
    const network::Saved<double> net(file);
    REQUIRE(net.layers().size() == 2);
    CHECK(net.layers()[0].inputs == 2);
    CHECK(net.layers()[0].parts[0].which == kousei::Activation::tanh);
    CHECK(net.layers()[1].parts.empty());
    const double expected[] = {3.3963196186494518, -1.375404199911675, 0.21614072697942133, -1.072529545056433};
    const auto out = values<double>(net, {0.5, -1, 2, 0.25});
    for (std::size_t i = 0; i < 4; ++i) CHECK(std::abs(out[i] - expected[i]) <= 4e-16 * 4);
}

TEST_CASE("a sparse network of Python, with parts") {
    const Bytes file = data("sparse.safetensors");
    network::Saved<float> first(file);
    const network::Saved<float> net = std::move(first);
    REQUIRE(net.layers().size() == 3);
    CHECK(net.layers()[0].parts.size() == 3);
    CHECK(net.layers()[0].starts[4] == 4);
    CHECK(values<float>(net, {1, -2, 0.5, -1, 0.25, 1}) == std::vector<float>{1.0F, 0.328125F});
}

TEST_CASE("networks of another kind") {
    const Bytes dense = data("dense.safetensors");
    check_refused<float>(dense, "has dtype F64; F32 is accepted");
    check_refused<double>(replaced(dense, "MLP", "MLQ"), "the class of the network is 'MLQ'; MLP");
    check_refused<double>(replaced(dense, R"(\"format\": 1)", R"(\"format\": 2)"), "of format 2; 1 is accepted");
    check_refused<double>(replaced(dense, "\"kousei\"", "\"other\" "), "there is no 'kousei'");
    check_refused<double>(replaced(dense, "tanh", "sinh"), "activation 'sinh' is not known");
    check_refused<double>(replaced(dense, R"([\"tanh\"])", "[]"), "the file has 4 tensors; the network takes 2");
    check_refused<double>(replaced(dense, "activations", "activationz"),
                          "metadata 'kousei', byte 55: 'activations' is");
    check_refused<double>(replaced(dense, R"(\"activations\": [\"tanh\"])", ""), "has no 'activations'");
    check_refused<double>(replaced(dense, "\"biases.1\"", "\"biases.2\""), "tensor 'biases.1' is missing");
    check_refused<double>(replaced(dense, "\"shape\":[3,2]", "\"shape\":[2,3]"),
                          "weights.0 is (2, 3) and has 3 biases");
    check_refused<double>(replaced(dense, "\"shape\":[2,3]", "\"shape\":[6]"), "'weights.1' has 1 axes; 2");
    check_refused<double>(Bytes(dense.begin(), dense.end() - 8), "the file has");
    // One byte on, where no double can lie.
    Bytes moved(dense.size() + 1);
    std::memcpy(moved.data() + 1, dense.data(), dense.size());
    CHECK_THROWS_WITH_AS(network::Saved<double>{std::span<const std::byte>(moved).subspan(1)},
                         doctest::Contains("is not aligned"), std::invalid_argument);
}

TEST_CASE("layers that do not chain") {
    const std::string header =
        R"({"__metadata__":{"kousei":"{\"format\":1,\"class\":\"MLP\",\"config\":{\"activations\":[\"relu\"]}}"},)"
        R"("weights.0":{"dtype":"F64","shape":[1,1],"data_offsets":[0,8]},)"
        R"("biases.0":{"dtype":"F64","shape":[1],"data_offsets":[8,16]},)"
        R"("weights.1":{"dtype":"F64","shape":[1,2],"data_offsets":[16,32]},)"
        R"("biases.1":{"dtype":"F64","shape":[1],"data_offsets":[32,40]}})";
    check_refused<double>(file_of(header, 40), "weights.1 has 2 inputs; the layer before has 1 units");
}

TEST_CASE("a piece whose value at 0 is not a number") {
    const std::string header =
        R"({"__metadata__":{"kousei":"{\"format\":1,\"class\":\"MLP\",\"config\":{\"activations\":[)"
        R"({\"name\":\"\",\"kinks\":[0],\"slopes\":[1e308,-1e308],\"value\":0}]}}"},)"
        R"("weights.0":{"dtype":"F64","shape":[1,1],"data_offsets":[0,8]},)"
        R"("biases.0":{"dtype":"F64","shape":[1],"data_offsets":[8,16]},)"
        R"("weights.1":{"dtype":"F64","shape":[1,1],"data_offsets":[16,24]},)"
        R"("biases.1":{"dtype":"F64","shape":[1],"data_offsets":[24,32]}})";
    check_refused<double>(file_of(header, 32), "an activation has the number");
}

TEST_CASE("sparse rows and parts that do not fit") {
    const Bytes sparse = data("sparse.safetensors");
    const std::int64_t most = std::numeric_limits<std::int64_t>::max();
    check_refused<float>(changed(sparse, "weights.0.indices", 1, std::int32_t{3}),
                         "indices has 3; there are 3 columns");
    check_refused<float>(changed(sparse, "weights.0.indices", 1, std::int32_t{-1}), "indices has -1");
    check_refused<float>(changed(sparse, "weights.0.indptr", 0, std::int32_t{1}), "indptr does not count");
    check_refused<float>(changed(sparse, "weights.0.indptr", 1, std::int32_t{9}), "indptr does not count");
    check_refused<float>(changed(sparse, "weights.0.indptr", 4, std::int32_t{3}), "indptr does not count");
    check_refused<float>(changed(sparse, "weights.0.shape", 0, std::int64_t{5}), "of 5 rows");
    check_refused<float>(changed(sparse, "weights.0.shape", 1, most), "columns below 2^31");
    check_refused<float>(changed(sparse, "weights.0.shape", 1, std::int64_t{-1}), "two numbers from 1 on");
    check_refused<float>(replaced(sparse, R"([\"relu\", 1])", R"([\"relu\", 2])"), "for more units than the 4");
    check_refused<float>(replaced(sparse, R"([\"relu\", 1], )", ""), "for fewer units than the 4");
    check_refused<float>(replaced(sparse, R"([\"relu\", 1])", R"([\"relu\"   ])"), "is not [activation, units]");
    check_refused<float>(replaced(sparse, R"([-0.5, 2.0])", R"([2.5, 2.0])"), "2 kinks and 3 slopes; n increasing");
    check_refused<float>(replaced(sparse, R"([-0.5, 2.0])", R"([2.0])"), "1 kinks and 3 slopes");
    check_refused<float>(replaced(sparse, R"([-0.5, 2.0])", R"([-0.5,4e40])"), "cannot hold");
}

TEST_CASE("sparse rows of which there are less than none") {
    const std::string header =
        R"({"__metadata__":{"kousei":"{\"format\":1,\"class\":\"MLP\",\"config\":{\"activations\":[]}}"},)"
        R"("weights.0.shape":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},)"
        R"("weights.0.indptr":{"dtype":"I64","shape":[0],"data_offsets":[16,16]},)"
        R"("weights.0.indices":{"dtype":"I64","shape":[0],"data_offsets":[16,16]},)"
        R"("weights.0.data":{"dtype":"F64","shape":[0],"data_offsets":[16,16]},)"
        R"("biases.0":{"dtype":"F64","shape":[0],"data_offsets":[16,16]}})";
    check_refused<double>(changed(file_of(header, 16), "weights.0.shape", 0, std::int64_t{-1}),
                          "two numbers from 1 on");
}
