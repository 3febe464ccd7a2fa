#pragma once
#include <cstdint>

#include <kousei/execution.hpp>

/// What recommenders compute on sparse matrices of users and shops.
namespace kousei::recommend {

/// What users prefer to what: of two shops that a user rated, the one with the higher rating. The matrix of all these
/// pairs, P = (G + A)^T W E + A^T W G with the users' ratings Excellent, Good and Average in E, G and A, is never
/// formed. Lists of whole numbers, each from one begin to the next; borrowed.
struct Preferences {
    const std::int64_t* rated_begin;      ///< (2 users + 1)
    const std::int32_t* rated;            ///< in the list 2 u the shops that user u rated Average, in 2 u + 1 Good
    const std::int64_t* preferred_begin;  ///< (shops + 1)
    const std::int32_t* preferred;        ///< 2 u + 1 for a user u who rated the shop Excellent, 2 u for Good
    const double* weight;                 ///< (users), the diagonal of W
    std::int64_t users, shops;            ///< 2 users and shops are below 2^31
};

std::int64_t workspace_bytes(Cpu on, const Preferences& preferences);

/// to = P^T z = E^T (W ((G + A) z)) + G^T (W (A z)); z and `to` are (shops). The result does not depend on the number
/// of threads.
void prefer(Cpu on, const Preferences& preferences, const double* z, double* to, Workspace workspace);

/// out = the values of `rows` sparse rows, each row divided by its norm, and rows of zeros as they are.
template <class Real>
void unit_rows(Cpu on, const std::int64_t* begin, const Real* values, std::int64_t rows, Real* out);

/// The transpose of sparse rows, (columns + 1), (entries) and (entries): rows rise in a column.
template <class Real>
void transpose(Cpu on, const std::int64_t* begin, const std::int32_t* columns, const Real* values, std::int64_t rows,
               std::int64_t column_count, std::int64_t* column_begin, std::int32_t* rows_of, Real* values_of);

/// Rows of a sparse matrix, and those of its transpose; borrowed. Columns stand in a row once, and rows rise in a
/// column.
template <class Real>
struct SparseRows {
    const std::int64_t* begin;  ///< (rows + 1)
    const std::int32_t* columns;
    const Real* values;
    const std::int64_t* column_begin;  ///< (columns + 1)
    const std::int32_t* rows_of;
    const Real* values_of;
    std::int64_t rows, column_count;  ///< below 2^31
};

template <class Real>
std::int64_t workspace_bytes(Cpu on, const SparseRows<Real>& matrix, std::int64_t k);

/// For each row the k others whose product with it is largest and positive, from the largest on and of equal ones the
/// first; `indices` and `products` are (rows, k), -1 and 0 where there are no more. Not dependent on threads.
template <class Real>
void top_products(Cpu on, const SparseRows<Real>& matrix, std::int64_t k, std::int32_t* indices, Real* products,
                  Workspace workspace);

/// The same, of the products of rows before `first` with those from it on alone.
template <class Real>
void top_products_between(Cpu on, const SparseRows<Real>& matrix, std::int64_t first, std::int64_t k,
                          std::int32_t* indices, Real* products, Workspace workspace);

}  // namespace kousei::recommend
