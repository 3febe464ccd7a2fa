#pragma once
#include <kousei/cuda/execution.hpp>
#include <kousei/rbm.hpp>

/// The Cpu functions of kousei/rbm.hpp, and the same results bit for bit; every pointer is a device pointer.
namespace kousei::rbm {

std::int64_t workspace_bytes(Cuda on, const Side& side, std::int64_t rows);

void respond(Cuda on, const Side& side, const std::uint32_t* states, std::int64_t rows, const float* beta, Draw draw,
             const Wanted& wanted, Workspace workspace);

std::int64_t workspace_bytes(Cuda on, const Parameters& parameters, std::int64_t data_rows, std::int64_t model_rows);

void update(Cuda on, const Parameters& parameters, const Sample& data, const Sample& model, const Rates& rates,
            const Centers& centers, Workspace workspace);

void next_rows(Cuda on, const Epoch& epoch, const Clock* clock, std::int64_t rows, std::uint32_t* batch);

void advance(Cuda on, Clock* clock, const Passed& passed);

}  // namespace kousei::rbm
