#pragma once
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <span>
#include <string_view>
#include <utility>

#include <kousei/safetensors.hpp>

namespace kousei::python {

inline std::span<const std::byte> bytes_of(const pybind11::bytes& bytes) {
    return std::as_bytes(std::span(std::string_view(bytes)));
}

inline void bind_safetensors(pybind11::module_& m) {
    namespace py = pybind11;
    using namespace pybind11::literals;
    m.def(
        "safetensors_header_bytes",
        [](const py::bytes& start, std::int64_t file_bytes) {
            return safetensors::header_bytes(bytes_of(start), file_bytes);
        },
        "start"_a, "file_bytes"_a);
    m.def(
        "read_safetensors_header",
        [](const py::bytes& start, std::int64_t file_bytes) {
            const auto header = safetensors::read_header(bytes_of(start), file_bytes);
            py::dict tensors, metadata;
            for (const auto& [name, tensor] : header.tensors) {
                tensors[py::str(name)] =
                    py::make_tuple(tensor.dtype, py::tuple(py::cast(tensor.shape)), tensor.first);
            }
            for (const auto& [name, value] : header.metadata) metadata[py::str(name)] = py::str(value);
            return std::pair(tensors, metadata);
        },
        "start"_a, "file_bytes"_a);
}

}  // namespace kousei::python
