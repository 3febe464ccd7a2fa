#pragma once
#include <pybind11/pybind11.h>

namespace kousei::python {

void bind_cpu(pybind11::module_& m);
void bind_cuda(pybind11::module_& m);

}  // namespace kousei::python
