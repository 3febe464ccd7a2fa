// Look-ups of labels: included after kernels.inl, once per instruction set.
#include <kousei/equivariant_unit.hpp>

#include "equivariant.hpp"

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

template <class Real>
void look_up_labels(const equivariant::Values<Real>& values, const std::int32_t* labels, std::int64_t count,
                    Real* found) {
    using V = Vector<Real>;
    typedef std::int32_t Labels __attribute__((vector_size(KOUSEI_VECTOR_BYTES / sizeof(Real) * 4)));
    for (std::int64_t i = 0; i < count; i += width<Real>) {
        Labels label;
        __builtin_memcpy(&label, labels + i, sizeof label);
        store<Real>(equivariant::value_at<V>(values, __builtin_convertvector(label, math::integer_t<V>)), found + i);
    }
}

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
