// Softmax attention, some queries of one head of one image at a time: z = softmax(q k^T / sqrt(WIDTH)) v (paper eq. 1).
//
// TOKENS, WIDTH (of a head, a multiple of LANES) and REAL (float or double) are given when this is compiled. The weights of
// some queries stay in cache, and threads share what few heads one image has.

#include <memory>

#include "products.h"

namespace {

constexpr int KEYS = (TOKENS + LANES - 1) / LANES * LANES;  // what is beyond the tokens has no weight
constexpr int QUERIES = std::min(TOKENS, 40);
constexpr int PARTS = (TOKENS + QUERIES - 1) / QUERIES;

struct Room {
    Matrix<WIDTH, KEYS> keys;
    Matrix<TOKENS, WIDTH> values;
    Matrix<QUERIES, WIDTH> queries;
    Matrix<QUERIES, KEYS> weights;
};

// e^{v - max} in every row; the sum of each.
void exponentiate(Matrix<QUERIES, KEYS>& scores, REAL* sums) {
    for (int i = 0; i < QUERIES; i++) {
        auto& row = scores.at[i];
        for (int n = TOKENS; n < KEYS; n++) scores.put(i, n, scores(i, 0));
        Lanes most = row[0], total = Lanes{};
        for (Lanes part : row) most = larger(most, part);
        REAL highest = most[0];
        for (int lane = 1; lane < LANES; lane++) highest = std::max<REAL>(highest, most[lane]);
        for (Lanes& part : row) part = exponential(part - highest);
        for (int n = TOKENS; n < KEYS; n++) scores.put(i, n, 0);
        for (Lanes part : row) total += part;
        sums[i] = sum(total);
    }
}

}  // namespace

// z (B, TOKENS, heads·WIDTH). q, k and v lie ``image``, ``head`` and ``token`` numbers apart, each for itself.
extern "C" void attend(const REAL* q, const REAL* k, const REAL* v, REAL* z, long num_images, long num_heads,
                       long q_image, long q_head, long q_token, long k_image, long k_head, long k_token, long v_image,
                       long v_head, long v_token) {
    const Rows of_q{q_image, q_head, q_token}, of_k{k_image, k_head, k_token}, of_v{v_image, v_head, v_token};
    const Rows of_z{TOKENS * num_heads * WIDTH, WIDTH, num_heads * WIDTH};
    const REAL scale = 1 / std::sqrt(REAL(WIDTH));
#pragma omp parallel
    {
        static thread_local const auto room = std::make_unique<Room>();
        REAL sums[QUERIES];
        long held = -1;
#pragma omp for schedule(guided)  // a thread's parts follow one another: it reads the keys of a head once
        for (long job = 0; job < num_images * num_heads * PARTS; job++) {
            const long which = job / PARTS, image = which % num_images, head = which / num_images;
            if (which != held) {
                const REAL* key = of_k.of(k, image, head);
                for (int n = 0; n < TOKENS; n++)
                    for (int c = 0; c < WIDTH; c++) room->keys.put(c, n, key[n * of_k.token + c] * scale);
                room->values.read(of_v.of(v, image, head), of_v.token);
                held = which;
            }
            const long start = job % PARTS * QUERIES, first = std::min<long>(start, TOKENS - QUERIES);
            room->queries.read(of_q.of(q, image, head) + first * of_q.token, of_q.token);
            product<QUERIES, WIDTH>(of(room->queries), room->keys, into(room->weights));
            exponentiate(room->weights, sums);
            REAL* to = of_z.of(z, image, head) + first * of_z.token;
            product<QUERIES, TOKENS>(of(room->weights), room->values, [&](int i, int j, Lanes value) {
                if (first + i >= start) store(to + i * of_z.token + j * LANES, value / sums[i]);
            });
        }
    }
}
