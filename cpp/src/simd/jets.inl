// Derivatives of layers: included after kernels.inl, once per instruction set.
#include <kousei/jet_unit.hpp>

namespace kousei::simd {
namespace KOUSEI_ISA {
namespace {

template <bool laplacian, class Real>
void derive(const activation::Part<Real>& part, const Real* bias, const Streams<Real>& streams) {
    using V = Vector<Real>;
    for (std::int64_t u = 0; u < part.units; ++u) {
        const V added = broadcast(bias[u]);
        for (std::int64_t lane = 0; lane < streams.lanes; lane += width<Real>) {
            Real* at = streams.first + u * streams.lanes + lane;
            const math::Jet<V> jet = activation::jet_at<laplacian>(part, u, load(at) + added);
            store<Real>(jet.value, at);
            V squares{};
            for (std::int64_t k = 0; k < streams.directions; ++k) {
                at += streams.stride;
                const V slope = load(at);
                if constexpr (laplacian) squares += slope * slope;
                store<Real>(slope * jet.first, at);
            }
            if constexpr (laplacian) {
                at += streams.stride;
                store<Real>(load(at) * jet.first + squares * jet.second, at);
            }
        }
    }
}

template <class Real>
void derive_part(const activation::Part<Real>& part, const Real* bias, const Streams<Real>& streams) {
    streams.laplacian ? derive<true>(part, bias, streams) : derive<false>(part, bias, streams);
}

}  // namespace
}  // namespace KOUSEI_ISA
}  // namespace kousei::simd
