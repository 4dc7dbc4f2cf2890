// VARS-D and VARS-SD, one image and head at a time: P = [Phi ; A] with columns of length 1, Phi = exp(q/|q| R), and
// u <- S_{lambda/L}(u - (K P^T P K u - P^T x)/L), z = P u, by the learned steps (LISTA; SPEC section 1).
//
// TOKENS, WIDTH (of a head), FEATURES, STATIC (learned atoms, 0 for VARS-D) and REAL (float or double) are given when
// this is compiled; all but TOKENS are multiples of LANES. What a head needs stays in a core's cache.

#include <algorithm>
#include <memory>

#include "products.h"

namespace {

constexpr int ATOMS = FEATURES + STATIC;

// S_bound(v) = sgn(v) GELU(|v| - bound)
Lanes gelu_threshold(Lanes v, REAL bound) {
    const Lanes over = magnitude(v) - bound, shrunk = over * normal_below(over);
    return v > 0 ? shrunk : (v < 0 ? -shrunk : v);
}

struct Weights {
    const REAL* matrix;            // R, (heads, WIDTH, FEATURES)
    const REAL *atoms, *gram;      // A, (heads, TOKENS, STATIC), of length 1, and A^T A, (heads, STATIC, STATIC)
    const REAL* coupling;          // K, (ATOMS, ATOMS)
    REAL lambda, rate;             // lambda', and what L is divided by
    long num_steps;
};

// What a thread works in: one head of one image.
struct Room {
    Matrix<TOKENS, WIDTH> x;
    Matrix<WIDTH, FEATURES> projection;
    Matrix<TOKENS, ATOMS> atoms;
    Matrix<ATOMS, ATOMS> gram, coupling, half, coupled;
    Matrix<ATOMS, WIDTH> drive, codes, moved;
    REAL bound;

    // P from q, which stands in x.
    void build_atoms(const Weights& weights, long head) {
        x.scale_rows();
        projection.read(weights.matrix + head * WIDTH * FEATURES, FEATURES);
        Lanes squares[FEATURES / LANES] = {};
        product<TOKENS, WIDTH>(of(x), projection, [&](int n, int j, Lanes exponent) { atoms.at[n][j] = exponential(exponent); });
        for (auto& row : atoms.at)
            for (int j = 0; j < FEATURES / LANES; j++) squares[j] += row[j] * row[j];
        for (Lanes& square : squares)
            square = 1 / larger(one_by_one(square, [](REAL v) { return std::sqrt(v); }), Lanes{} + REAL(1e-12));
        const REAL* learned = weights.atoms + head * TOKENS * STATIC;
        for (auto& row : atoms.at) {
            for (int j = 0; j < FEATURES / LANES; j++) row[j] *= squares[j];
            for (int j = FEATURES / LANES; j < atoms.ACROSS; j++) row[j] = load(learned), learned += LANES;
        }
    }

    // P^T P, of which A^T A is known, its largest row sum, and K P^T P K.
    void build_gram(const Weights& weights, long head) {
        product<FEATURES, TOKENS>(transposed(atoms), atoms, into(gram));
        const REAL* known = weights.gram + head * STATIC * STATIC;
        for (int i = FEATURES; i < ATOMS; i++) {
            for (int k = 0; k < FEATURES; k++) gram.put(i, k, gram(k, i));
            for (int j = FEATURES / LANES; j < gram.ACROSS; j++) gram.at[i][j] = load(known), known += LANES;
        }
        REAL largest = 0;
        for (auto& row : gram.at) {
            Lanes total = Lanes{};
            for (Lanes part : row) total += magnitude(part);
            largest = std::max(largest, sum(total));
        }
        bound = (largest + 1) / weights.rate;
        product<ATOMS, ATOMS>(of(gram), coupling, into(half));
        product<ATOMS, ATOMS>(of(coupling), half, into(coupled));
    }

    // u_0 ... u_T for x; see(t) when u_t is in codes.
    template <class See>
    void iterate(const Weights& weights, See see) {
        product<ATOMS, TOKENS>(transposed(atoms), x, into(drive));
        for (int i = 0; i < ATOMS; i++)
            for (int j = 0; j < codes.ACROSS; j++) codes.at[i][j] = gelu_threshold(drive.at[i][j], weights.lambda);
        for (int t = 0;; t++) {
            see(t);
            if (t == weights.num_steps) return;
            product<ATOMS, ATOMS>(of(coupled), codes, into(moved));
            const REAL per_step = 1 / bound;
            for (int i = 0; i < ATOMS; i++)
                for (int j = 0; j < codes.ACROSS; j++) {
                    const Lanes step = codes.at[i][j] - (moved.at[i][j] - drive.at[i][j]) * per_step;
                    codes.at[i][j] = gelu_threshold(step, weights.lambda * per_step);
                }
        }
    }
};

}  // namespace

// z (every one ? T+1 : 1, B, TOKENS, heads·WIDTH): each iterate's P u_t, or the last one's; codes (T+1, B, heads, ATOMS,
// WIDTH) or null. q and v lie ``image``, ``head`` and ``token`` numbers apart, each for itself.
extern "C" void reconstruct(const REAL* q, const REAL* v, REAL* z, REAL* codes, const REAL* matrix, const REAL* atoms,
                            const REAL* gram, const REAL* coupling, double lambda, double rate, long num_steps,
                            long every_one, long num_images, long num_heads, long q_image, long q_head, long q_token,
                            long v_image, long v_head, long v_token) {
    const Weights weights{matrix, atoms, gram, coupling, REAL(lambda), REAL(rate), num_steps};
    const Rows of_q{q_image, q_head, q_token}, of_v{v_image, v_head, v_token};
    const Rows of_z{TOKENS * num_heads * WIDTH, WIDTH, num_heads * WIDTH};
#pragma omp parallel
    {
        static thread_local const auto room = std::make_unique<Room>();
        room->coupling.read(coupling, ATOMS);
#pragma omp for schedule(dynamic)
        for (long job = 0; job < num_images * num_heads; job++) {
            const long image = job % num_images, head = job / num_images;
            room->x.read(of_q.of(q, image, head), of_q.token);
            room->build_atoms(weights, head);
            room->build_gram(weights, head);
            room->x.read(of_v.of(v, image, head), of_v.token);
            room->iterate(weights, [&](int t) {
                if (codes) {
                    REAL* to = codes + ((t * num_images + image) * num_heads + head) * ATOMS * WIDTH;
                    for (const auto& row : room->codes.at)
                        for (Lanes part : row) store(to, part), to += LANES;
                }
                if (!every_one && t < num_steps) return;
                REAL* to = of_z.of(z + (every_one ? t : 0) * num_images * of_z.image, image, head);
                product<TOKENS, ATOMS>(of(room->atoms), room->codes, [&](int n, int j, Lanes value) {
                    store(to + n * of_z.token + j * LANES, value);
                });
            });
        }
    }
}
