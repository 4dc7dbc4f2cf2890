// Products of small matrices whose sizes are known when this is compiled.
#pragma once

#include <algorithm>

#include "lanes.h"

namespace {

// Rows of numbers, some LANES each.
template <int rows, int columns>
struct Matrix {
    static constexpr int ROWS = rows, ACROSS = columns / LANES;
    Lanes at[rows][ACROSS];

    REAL operator()(int row, int column) const { return reinterpret_cast<const REAL*>(at[row])[column]; }
    void read(const REAL* from, long apart) {
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < ACROSS; j++) at[i][j] = load(from + i * apart + j * LANES);
    }
    // Each row to length 1.
    void scale_rows() {
        for (auto& row : at) {
            Lanes squares = Lanes{};
            for (Lanes part : row) squares += part * part;
            const REAL scale = 1 / std::max<REAL>(std::sqrt(sum(squares)), REAL(1e-12));
            for (Lanes& part : row) part *= scale;
        }
    }
    void put(int row, int column, REAL value) { reinterpret_cast<REAL*>(at[row])[column] = value; }
};

// Terms that are summed one after the other: a sum of all is one of such sums, whose rounding is a third of a single
// chain's.
constexpr int PART = 32;

// What is kept in registers of a product: TALL rows of WIDE times LANES columns, 20 to 24 registers.
template <int ACROSS>
struct Tile {
    static constexpr int WIDE = ACROSS % 4 == 0 ? 4 : ACROSS % 2 == 0 ? 2 : 1, TALL = WIDE == 4 ? 6 : WIDE == 2 ? 10 : 20;
};

// sum over k of left(i, k) right[k], for rows i of a matrix of as many columns as ``right``; done(i, j, sum) for each LANES
// of it. The innermost loop is that over k, its tile in registers; rows of the last tile may come twice.
template <int rows, int inner, class Left, class Right, class Done>
void product(Left left, const Right& right, Done done) {
    constexpr int WIDE = Tile<Right::ACROSS>::WIDE, TALL = std::min(rows, Tile<Right::ACROSS>::TALL);
    for (int j = 0; j < Right::ACROSS; j += WIDE)
        for (int start = 0; start < rows; start += TALL) {
            const int i = std::min(start, rows - TALL);
            Lanes totals[TALL][WIDE] = {};
            for (int part = 0; part < inner; part += PART) {
                Lanes sums[TALL][WIDE] = {};
                for (int k = part; k < std::min(part + PART, inner); k++) {
                    Lanes row[WIDE];
#pragma GCC unroll 4
                    for (int w = 0; w < WIDE; w++) row[w] = right.at[k][j + w];
#pragma GCC unroll 24
                    for (int r = 0; r < TALL; r++) {
                        const REAL factor = left(i + r, k);
#pragma GCC unroll 4
                        for (int w = 0; w < WIDE; w++) sums[r][w] += factor * row[w];
                    }
                }
#pragma GCC unroll 24
                for (int r = 0; r < TALL; r++)
#pragma GCC unroll 4
                    for (int w = 0; w < WIDE; w++) totals[r][w] += sums[r][w];
            }
#pragma GCC unroll 24
            for (int r = 0; r < TALL; r++)
#pragma GCC unroll 4
                for (int w = 0; w < WIDE; w++) done(i + r, j + w, totals[r][w]);
        }
}

template <class Any>
auto of(const Any& matrix) {
    return [&](int i, int k) { return matrix(i, k); };
}
template <class Any>
auto transposed(const Any& matrix) {
    return [&](int i, int k) { return matrix(k, i); };
}
template <class Any>
auto into(Any& matrix) {
    return [&](int i, int j, Lanes value) { matrix.at[i][j] = value; };
}

// One head's part of tokens in memory: rows of WIDTH numbers, one a token, so far from each other.
struct Rows {
    long image, head, token;

    template <class Number>
    Number* of(Number* all, long i, long h) const {
        return all + i * image + h * head;
    }
};

}  // namespace
