#pragma once
#include <kousei/math/formula.hpp>
#include <kousei/math/log1p.hpp>
#include <kousei/math/logistic.hpp>

namespace kousei::math {
inline namespace KOUSEI_ISA {

/// log(1 + e^z), absolute error at most 1.5 eps max(1, |z|); below z = -1 the relative error grows as |z| eps.
struct Softplus {
    template <class V>
    static constexpr double scale = 1;

    template <Range range, class V>
    KOUSEI_HD static V of_scaled(V z) {
        return (z < V{} ? V{} : z) + log1p(exp2<range>(abs(z) * scalar_t<V>(-log2_e)));
    }

    /// 1/(1 + e^-z).
    template <Range range, class V>
    KOUSEI_HD static V derivative_of_scaled(V z) {
        return value_at<Logistic, range>(z);
    }

    template <Range range, class V>
    KOUSEI_HD static V second_derivative_of_scaled(V z) {
        return value_at<Derivative<Logistic>, range>(z);
    }
};

}  // namespace KOUSEI_ISA
}  // namespace kousei::math
