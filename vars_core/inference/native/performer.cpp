// Performer attention, one head of one image at a time: z = Phi(q) Phi(k)^T v, rows scaled to sum 1, with
// Phi(q) = exp(q/|q| R) up to a constant that the scaling takes away (SPEC section 1).
//
// TOKENS, WIDTH (of a head), FEATURES and REAL (float or double) are given when this is compiled; WIDTH and FEATURES are
// multiples of LANES.

#include <memory>

#include "products.h"

namespace {

struct Room {
    Matrix<TOKENS, WIDTH> tokens;
    Matrix<WIDTH, FEATURES> projection;
    Matrix<TOKENS, FEATURES> features;
    Matrix<FEATURES, WIDTH> gathered;  // Phi(k)^T v
    Matrix<1, FEATURES> totals;        // of Phi(k) over the tokens

    void build_features(const REAL* from, long apart) {
        tokens.read(from, apart);
        tokens.scale_rows();
        product<TOKENS, WIDTH>(of(tokens), projection, [&](int n, int j, Lanes v) { features.at[n][j] = exponential(v); });
    }
};

}  // namespace

// z (B, TOKENS, heads·WIDTH); matrix is R, (heads, WIDTH, FEATURES). q, k and v lie ``image``, ``head`` and ``token``
// numbers apart, each for itself.
extern "C" void attend(const REAL* q, const REAL* k, const REAL* v, REAL* z, const REAL* matrix, long num_images,
                       long num_heads, long q_image, long q_head, long q_token, long k_image, long k_head, long k_token,
                       long v_image, long v_head, long v_token) {
    const Rows of_q{q_image, q_head, q_token}, of_k{k_image, k_head, k_token}, of_v{v_image, v_head, v_token};
    const Rows of_z{TOKENS * num_heads * WIDTH, WIDTH, num_heads * WIDTH};
#pragma omp parallel
    {
        static thread_local const auto room = std::make_unique<Room>();
#pragma omp for schedule(dynamic)
        for (long job = 0; job < num_images * num_heads; job++) {
            const long image = job % num_images, head = job / num_images;
            room->projection.read(matrix + head * WIDTH * FEATURES, FEATURES);
            room->build_features(of_k.of(k, image, head), of_k.token);
            for (Lanes& total : room->totals.at[0]) total = Lanes{};
            for (const auto& row : room->features.at)
                for (int j = 0; j < room->features.ACROSS; j++) room->totals.at[0][j] += row[j];
            room->tokens.read(of_v.of(v, image, head), of_v.token);
            product<FEATURES, TOKENS>(transposed(room->features), room->tokens, into(room->gathered));
            room->build_features(of_q.of(q, image, head), of_q.token);
            REAL sums[TOKENS];
            for (int n = 0; n < TOKENS; n++) {
                Lanes weights = Lanes{};
                for (int j = 0; j < room->features.ACROSS; j++)
                    weights += room->features.at[n][j] * room->totals.at[0][j];
                sums[n] = sum(weights);
            }
            REAL* to = of_z.of(z, image, head);
            product<TOKENS, FEATURES>(of(room->features), room->gathered, [&](int n, int j, Lanes value) {
                store(to + n * of_z.token + j * LANES, value / sums[n]);
            });
        }
    }
}
