#pragma once
#include <kousei/cuda/execution.hpp>
#include <kousei/packed.hpp>

/// The Cpu functions of kousei/packed.hpp; every pointer, those of a view included, is a device pointer. The copy of
/// a Matrix for few points is one of the CPU, and not read.
namespace kousei::packed {

/// As the Cpu overload, which returns what *first_wrong is set to.
template <class Number>
void pack(Cuda on, const Number* signs, std::int64_t rows, std::int64_t columns, std::uint32_t* words,
          std::int64_t* first_wrong);

template <class Number>
void unpack(Cuda on, const View& matrix, Number* signs);

template <class Real>
std::int64_t workspace_bytes(Cuda on, const Matrix<Real>& matrix, std::int64_t points);

/// As the Cpu overload; the result of a point depends on the number of points. Large float matrices go by the tensor
/// cores: up to few_points points as whole numbers of 23 bits, relative to the largest of 512 columns; more as pairs
/// of float16, together as accurate as float, or with Precision::fast as one float16, to a relative 2^-11 of each x.
template <class Real>
void matmul(Cuda on, const Matrix<Real>& matrix, const Real* x, std::int64_t points, Real* out, Workspace workspace);

void dot(Cuda on, const View& a, const View& b, std::int32_t* out);

}  // namespace kousei::packed
