#pragma once
#include <stdexcept>

namespace kousei {

/// A network, grid or workspace has more elements than can be addressed.
class SizeError : public std::length_error {
 public:
    using std::length_error::length_error;
};

/// The CUDA runtime or driver reported an error.
class CudaError : public std::runtime_error {
 public:
    using std::runtime_error::runtime_error;
};

}  // namespace kousei
