// All kernels: included once per instruction set, by a file that says KOUSEI_VECTOR_BYTES.
#include "kernels.inl"

#include "binary.inl"
#include "equivariant.inl"
#include "ising.inl"
#include "jets.inl"
#include "layers.inl"
#include "packed.inl"
#include "packed_dot.inl"
#include "packed_gemm.inl"
#include "packed_gemv.inl"
#include "random.inl"
#include "rbm.inl"
#include "recommend.inl"
#include "ridgelet.inl"

#include "attribution.inl"

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

template <class Real>
constexpr KernelsFor<Real> kernels_for = {
    &kernels<Real>,        phase_kernels<Real>, &apply_part<Real>,      &derive_part<Real>, layer_kernels<Real>,
    &multiply_signs<Real>, sign_tables<Real>,   &multiply_panel<Real>,  &add_chains<Real>,  ridgelet_kernels<Real>,
    &look_up_labels<Real>, &pool<Real>,         recommend_kernels<Real>};

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
