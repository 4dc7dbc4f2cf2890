// VARS-S on a grid of H x W tokens with R kernels a channel: u <- S_{lambda/L}(u - (P^T P u - P^T x)/L), z = P u
// (paper eq. 12, SPEC section 1). LANES channels go through all of it side by side, so what they need stays in cache.
//
// H, W, R and REAL (float or double) are given when this is compiled. Tokens are (B, N, C) with N = H·W, in memory as
// said; C is a multiple of LANES. Spectra are half spectra, F = W/2+1 columns; filters are (C/LANES, R, F, H, 2, LANES),
// real parts beside imaginary ones.

#include <cmath>
#include <memory>

#include "lanes.h"

namespace {

constexpr int N = H * W, F = W / 2 + 1;

// cos and sin of 2*pi*k*j/n over the root of n, for k and j up to n/2: the rest are these with other signs.
template <int n>
struct Waves {
    REAL cosine[n / 2 + 1][n / 2 + 1], sine[n / 2 + 1][n / 2 + 1];
    Waves() {
        for (int k = 0; k <= n / 2; k++)
            for (int j = 0; j <= n / 2; j++) {
                const double angle = 2 * std::acos(-1.0) * (k * j % n) / n;
                cosine[k][j] = REAL(std::cos(angle) / std::sqrt(double(n)));
                sine[k][j] = REAL(std::sin(angle) / std::sqrt(double(n)));
            }
    }
};
const Waves<H> down;
const Waves<W> across;

// A sequence of n values as its even and its odd part: cosines need the one, sines the other, each half as long.
template <int n>
struct Folded {
    static constexpr int HALF = n / 2, PAIRS = (n - 1) / 2;
    Lanes even[HALF + 1], odd[HALF + 1];

    static bool paired(int k) { return k > 0 && k <= PAIRS; }

    explicit Folded(const Lanes* x) {
        even[0] = x[0];
#pragma GCC unroll 32
        for (int j = 1; j <= PAIRS; j++) {
            even[j] = x[j] + x[n - j];
            odd[j] = x[j] - x[n - j];
        }
        if (n % 2 == 0) even[HALF] = x[HALF];
    }
    Folded() {}

    Lanes cosines(const Waves<n>& waves, int k) const {
        Lanes sum = waves.cosine[k][0] * even[0];
#pragma GCC unroll 32
        for (int j = 1; j <= HALF; j++) sum += waves.cosine[k][j] * even[j];
        return sum;
    }
    Lanes sines(const Waves<n>& waves, int k) const {
        Lanes sum = waves.sine[k][1] * odd[1];
#pragma GCC unroll 32
        for (int j = 2; j <= PAIRS; j++) sum += waves.sine[k][j] * odd[j];
        return sum;
    }
};

struct Spectrum {
    Lanes real[F][H], imaginary[F][H];
};

// Row by row from tokens to half spectra.
void across_rows(const Lanes* tokens, Spectrum& rows) {
    for (int i = 0; i < H; i++) {
        const Folded<W> row(tokens + i * W);
#pragma GCC unroll 8
        for (int k = 0; k < F; k++) {
            rows.real[k][i] = row.cosines(across, k);
            if (row.paired(k)) rows.imaginary[k][i] = -row.sines(across, k);
        }
    }
}

// Row by row from half spectra to tokens, each handed to put(place, value).
template <class Put>
void back_to_tokens(const Spectrum& rows, Put put) {
    for (int i = 0; i < H; i++) {
        Folded<W> row;
        row.even[0] = rows.real[0][i];
#pragma GCC unroll 32
        for (int k = 1; k <= row.PAIRS; k++) {
            row.even[k] = 2 * rows.real[k][i];
            row.odd[k] = -2 * rows.imaginary[k][i];
        }
        if (W % 2 == 0) row.even[row.HALF] = rows.real[row.HALF][i];
#pragma GCC unroll 8
        for (int j = 0; j <= row.HALF; j++) {
            const Lanes even = row.cosines(across, j);
            if (row.paired(j)) {
                const Lanes odd = row.sines(across, j);
                put(i * W + j, even + odd);
                put(i * W + W - j, even - odd);
            } else {
                put(i * W + j, even);
            }
        }
    }
}

enum Direction { FORTH = -1, BACK = 1 };
// What a column of frequency 0 or W/2 has none of: its rows are real before it, and after it only their real part counts.
bool of_real_rows(int frequency) { return frequency == 0 || 2 * frequency == W; }

// One column by e^{±2*pi*i*k*j/H}, each frequency handed to put(k, real, imaginary).
template <Direction direction, class Put>
void along_column(const Lanes* real, const Lanes* imaginary, Put put) {
    const Folded<H> a(real), b(imaginary);
#pragma GCC unroll 8
    for (int k = 0; k <= a.HALF; k++) {
        const Lanes ca = a.cosines(down, k), cb = b.cosines(down, k);
        if (a.paired(k)) {
            const Lanes sa = REAL(direction) * a.sines(down, k), sb = REAL(direction) * b.sines(down, k);
            put(k, ca - sb, cb + sa);
            put(H - k, ca + sb, cb - sa);
        } else {
            put(k, ca, cb);
        }
    }
}

template <class Put>
void along_real_column(const Lanes* real, Put put) {
    const Folded<H> a(real);
#pragma GCC unroll 8
    for (int k = 0; k <= a.HALF; k++) {
        const Lanes ca = a.cosines(down, k);
        if (a.paired(k)) {
            const Lanes sa = a.sines(down, k);
            put(k, ca, -sa);
            put(H - k, ca, sa);
        } else {
            put(k, ca, Lanes{});
        }
    }
}

// Tokens (N) to their half spectrum, handed to put(frequency across, frequency down, real, imaginary).
template <class Put>
void transform(const Lanes* tokens, Spectrum& rows, Put put) {
    across_rows(tokens, rows);
    for (int f = 0; f < F; f++) {
        const auto here = [&](int k, Lanes real, Lanes imaginary) { put(f, k, real, imaginary); };
        if (of_real_rows(f))
            along_real_column(rows.real[f], here);
        else
            along_column<FORTH>(rows.real[f], rows.imaginary[f], here);
    }
}

// The way back, from columns that get(frequency across, real, imaginary) writes.
template <class Get, class Put>
void transform_back(Spectrum& rows, Get get, Put put) {
    for (int f = 0; f < F; f++) {
        Lanes real[H], imaginary[H];
        get(f, real, imaginary);
        along_column<BACK>(real, imaginary, [&](int k, Lanes a, Lanes b) {
            rows.real[f][k] = a;
            rows.imaginary[f][k] = b;
        });
    }
    back_to_tokens(rows, put);
}

Lanes soft_threshold(Lanes v, Lanes bound) { return v - smaller(larger(v, -bound), bound); }
// 1 outside [-bound, bound], 0 inside.
Lanes soft_slope(Lanes v, Lanes bound) {
    const Lanes one = Lanes{} + 1;
    return v > bound ? one : (v < -bound ? one : Lanes{});
}

struct Steps {
    REAL lambda;
    long num_steps;
    bool start_shrunk;  // u_0 = S_lambda(P^T x), else P^T x
};

// The dictionary of LANES channels of one image, and room to work in.
class Dictionary {
   public:
    void of(const REAL* of_all, long block) { filters = of_all + block * R * F * H * 2 * LANES; }

    // x -> P^T x, the spectrum of x kept in combined; put(kernel, place, value).
    template <class Put>
    void encode(const Lanes* x, Put put) {
        transform(x, rows, [&](int f, int k, Lanes real, Lanes imaginary) {
            combined.real[f][k] = real;
            combined.imaginary[f][k] = imaginary;
        });
        gram(put);
    }

    // codes -> the spectrum of P u, kept in combined.
    void combine(const Lanes (*codes)[N]) {
        for (int r = 0; r < R; r++)
            transform(codes[r], rows, [&](int f, int k, Lanes real, Lanes imaginary) {
                const REAL* filter = at(r, f, k);
                const Lanes a = load(filter), b = load(filter + LANES);
                const Lanes x = a * real + b * imaginary, y = a * imaginary - b * real;
                combined.real[f][k] = r ? combined.real[f][k] + x : x;
                combined.imaginary[f][k] = r ? combined.imaginary[f][k] + y : y;
            });
    }

    // combined -> P^T P u, put(kernel, place, value).
    template <class Put>
    void gram(Put put) {
        for (int r = 0; r < R; r++)
            transform_back(
                rows,
                [&](int f, Lanes* real, Lanes* imaginary) {
#pragma GCC unroll 8
                    for (int k = 0; k < H; k++) {
                        const REAL* filter = at(r, f, k);
                        const Lanes a = load(filter), b = load(filter + LANES);
                        real[k] = a * combined.real[f][k] - b * combined.imaginary[f][k];
                        imaginary[k] = a * combined.imaginary[f][k] + b * combined.real[f][k];
                    }
                },
                [&](int n, Lanes value) { put(r, n, value); });
    }

    // combined -> P u, put(place, value).
    template <class Put>
    void decode(Put put) {
        transform_back(
            rows,
            [&](int f, Lanes* real, Lanes* imaginary) {
                for (int k = 0; k < H; k++) {
                    real[k] = combined.real[f][k];
                    imaginary[k] = combined.imaginary[f][k];
                }
            },
            put);
    }

   private:
    const REAL* filters;
    Spectrum combined, rows;

    const REAL* at(int r, int f, int k) const { return filters + ((r * F + f) * H + k) * 2 * LANES; }
};

// What a thread works in, made once for all its images and channels.
struct Room {
    Dictionary dictionary;
    Lanes bound;  // L
    Lanes x[N], drive[R][N], codes[R][N];
};

void read(const REAL* tokens, long num_channels, Lanes* x) {
    for (int n = 0; n < N; n++) x[n] = load(tokens + n * num_channels);
}

// u_0 ... u_T; see(t) when u_t is in room.codes and combined, slope(t, kernel, place, value, bound) before each S_bound.
template <class See, class Slope>
void iterate(Room& room, const Steps& steps, See see, Slope slope) {
    const Lanes lambda = Lanes{} + steps.lambda, per_step = 1 / room.bound, shrink = lambda * per_step;
    room.dictionary.encode(room.x, [&](int r, int n, Lanes value) {
        room.drive[r][n] = value;
        if (steps.start_shrunk) slope(0, r, n, value, lambda);
        room.codes[r][n] = steps.start_shrunk ? soft_threshold(value, lambda) : value;
    });
    for (int t = 0;; t++) {
        room.dictionary.combine(room.codes);
        see(t);
        if (t == steps.num_steps) return;
        room.dictionary.gram([&](int r, int n, Lanes value) {
            const Lanes moved = room.codes[r][n] - (value - room.drive[r][n]) * per_step;
            slope(t + 1, r, n, moved, shrink);
            room.codes[r][n] = soft_threshold(moved, shrink);
        });
    }
}

}  // namespace

extern "C" {

// z (every one ? T+1 : 1, B, N, C): each iterate's P u_t, or the last one's; codes (T+1, B, N, R, C) or null.
void reconstruct(const REAL* tokens, REAL* z, REAL* codes, const REAL* filters, const REAL* bound, double lambda,
                 long num_steps, long start_shrunk, long every_one, long num_images, long num_channels) {
    const Steps steps{REAL(lambda), num_steps, bool(start_shrunk)};
    const long blocks = num_channels / LANES, jobs = num_images * blocks;
#pragma omp parallel
    {
        static thread_local const auto room = std::make_unique<Room>();
#pragma omp for schedule(dynamic)
        for (long job = 0; job < jobs; job++) {
            const long image = job % num_images, block = job / num_images, start = block * LANES;
            room->dictionary.of(filters, block);
            room->bound = load(bound + start);
            read(tokens + image * N * num_channels + start, num_channels, room->x);
            const auto see = [&](int t) {
                if (codes)
                    for (int n = 0; n < N; n++)
                        for (int r = 0; r < R; r++)
                            store(codes + (((t * num_images + image) * N + n) * R + r) * num_channels + start,
                                  room->codes[r][n]);
                if (!every_one && t < num_steps) return;
                REAL* to = z + ((every_one ? t : 0) * num_images + image) * N * num_channels + start;
                room->dictionary.decode([&](int n, Lanes value) { store(to + n * num_channels, value); });
            };
            iterate(*room, steps, see, [](int, int, int, Lanes, Lanes) {});
        }
    }
}

// gradients (every one ? T+1 : 1, B, N, C): of <weights, z_t> by the tokens, the chain rule through the steps backwards.
void pull_back(const REAL* tokens, const REAL* weights, REAL* gradients, const REAL* filters, const REAL* bound,
               double lambda, long num_steps, long start_shrunk, long every_one, long num_images, long num_channels) {
    const Steps steps{REAL(lambda), num_steps, bool(start_shrunk)};
    const long blocks = num_channels / LANES, jobs = num_images * blocks;
    struct Codes {
        Lanes of[R][N];
    };
#pragma omp parallel
    {
        static thread_local const auto room = std::make_unique<Room>();
        const auto slopes = std::make_unique<Codes[]>(num_steps + 1);
        const auto start_weights = std::make_unique<Codes>(), back = std::make_unique<Codes>();
#pragma omp for schedule(dynamic)
        for (long job = 0; job < jobs; job++) {
            const long image = job % num_images, block = job / num_images, start = block * LANES;
            const long at = image * N * num_channels + start;
            Dictionary& dictionary = room->dictionary;
            dictionary.of(filters, block);
            room->bound = load(bound + start);
            const Lanes per_step = 1 / room->bound;
            if (!start_shrunk)
                for (int r = 0; r < R; r++)
                    for (int n = 0; n < N; n++) slopes[0].of[r][n] = Lanes{} + 1;
            read(tokens + at, num_channels, room->x);
            iterate(*room, steps, [](int) {}, [&](int t, int r, int n, Lanes value, Lanes shrink) {
                slopes[t].of[r][n] = soft_slope(value, shrink);
            });
            read(weights + at, num_channels, room->x);
            dictionary.encode(room->x, [&](int r, int n, Lanes value) { start_weights->of[r][n] = value; });
            for (int t = every_one ? 0 : num_steps; t <= num_steps; t++) {
                *back = *start_weights;
                auto& drive = room->drive;
                for (auto& of_kernel : drive)
                    for (auto& value : of_kernel) value = Lanes{};
                for (int s = t; s > 0; s--) {
                    for (int r = 0; r < R; r++)
                        for (int n = 0; n < N; n++) {
                            back->of[r][n] *= slopes[s].of[r][n];
                            drive[r][n] += back->of[r][n] * per_step;
                        }
                    dictionary.combine(back->of);
                    dictionary.gram([&](int r, int n, Lanes value) { back->of[r][n] -= value * per_step; });
                }
                for (int r = 0; r < R; r++)
                    for (int n = 0; n < N; n++) drive[r][n] += slopes[0].of[r][n] * back->of[r][n];
                dictionary.combine(drive);
                REAL* to = gradients + (every_one ? t : 0) * num_images * N * num_channels + at;
                dictionary.decode([&](int n, Lanes value) { store(to + n * num_channels, value); });
            }
        }
    }
}

// filtered (B, N, C): tokens times the one spectrum a channel (R = 1), a circular convolution.
void convolve(const REAL* tokens, REAL* filtered, const REAL* filters, long num_images, long num_channels) {
    const long blocks = num_channels / LANES, jobs = num_images * blocks;
#pragma omp parallel
    {
        static thread_local const auto room = std::make_unique<Room>();
#pragma omp for schedule(dynamic)
        for (long job = 0; job < jobs; job++) {
            const long image = job % num_images, block = job / num_images;
            const long at = image * N * num_channels + block * LANES;
            room->dictionary.of(filters, block);
            read(tokens + at, num_channels, room->x);
            room->dictionary.encode(room->x, [&](int, int n, Lanes value) {
                store(filtered + at + n * num_channels, value);
            });
        }
    }
}
}
