#pragma once
#include <cstdint>

#include <kousei/execution.hpp>
#include <kousei/packed.hpp>

namespace kousei::ising {

/// Configurations of a periodic lattice of up to three axes, in rows of packed signs, the sites in the order of C.
struct Configurations {
    packed::View rows;
    std::int64_t stride;  ///< words of a row
    int axes;
    std::int64_t sides[3];

    /// The sides multiply to the columns.
    Configurations(const packed::View& matrix, const std::int64_t* its_sides, int count)
        : rows(matrix), stride(packed::stride_of(matrix.columns)), axes(count), sides{1, 1, 1} {
        for (int axis = 0; axis < axes; ++axis) sides[axis] = its_sides[axis];
    }
};

/// The bonds of each configuration that have unlike spins, and its spins that are up: unlike and up are (rows). The
/// sides multiply to the columns.
void count(Cpu on, const Configurations& spins, std::int64_t* unlike, std::int64_t* up);

}  // namespace kousei::ising
