// Kernels for one row or one small network at a time, which stay in the nearest cache. Vectors are written out as
// such, so that the compiler need not regroup sums by itself and NaN keeps its meaning.
#include <cmath>
#include <cstdint>
#include <cstring>

#define INLINE static inline __attribute__((always_inline))

// Bytes of a vector. More than a register has would be taken to pieces in memory, and 64 bring nothing.
#ifdef __AVX__
#define BYTES 32
#else
#define BYTES 16
#endif

template <class T> struct Vector;
template <> struct Vector<float> {
    typedef float type __attribute__((vector_size(BYTES)));
    typedef int32_t bits __attribute__((vector_size(BYTES)));
    static const int lanes = BYTES / sizeof(float);
};
template <> struct Vector<double> {
    typedef double type __attribute__((vector_size(BYTES)));
    typedef int64_t bits __attribute__((vector_size(BYTES)));
    static const int lanes = BYTES / sizeof(double);
};
template <class T> using V = typename Vector<T>::type;

template <class T> INLINE V<T> load(const T *from) {
    V<T> v;
    memcpy(&v, from, sizeof v);
    return v;
}
template <class T> INLINE void store(T *to, V<T> v) { memcpy(to, &v, sizeof v); }
template <class T> INLINE V<T> every(T x) { return V<T>{} + x; }

template <class T> INLINE T sum(V<T> v) {
    typedef T Quarter __attribute__((vector_size(16)));
    Quarter quarters[BYTES / 16];
    memcpy(quarters, &v, sizeof v);
    for (int i = 1; i < BYTES / 16; i++) quarters[0] += quarters[i];
    T total = quarters[0][0] + quarters[0][1];
    if (sizeof(T) == 4) total += quarters[0][2] + quarters[0][3];
    return total;
}

// ---- e^x for x <= 0 --------------------------------------------------------------------------------------------

INLINE V<double> exponential(V<double> x) {
    for (int i = 0; i < Vector<double>::lanes; i++) x[i] = std::exp(x[i]);
    return x;
}

// To a few units in the last place, and e^-87 below -87: the polynomial of S. Moshier's Cephes library, expf.
INLINE V<float> exponential(V<float> x) {
    x = x < -87.0f ? every(-87.0f) : x;               // which keeps NaN
    V<float> shifted = x * 1.44269504f + 12582912.0f; // rounds to a whole number, in the low bits
    V<float> n = shifted - 12582912.0f;
    V<float> r = x - n * 0.693359375f; // ln 2 in two parts; multiples of the first are exact
    r = r + n * 2.12194440e-4f;
    V<float> p = every(1.9875691500e-4f);
    const float terms[] = {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
    for (float term : terms) p = p * r + term;
    p = p * r * r + r + 1.0f;
    Vector<float>::bits power;
    memcpy(&power, &shifted, sizeof power);
    power = (power << 23) + (127 << 23);
    V<float> scale;
    memcpy(&scale, &power, sizeof scale);
    return p * scale;
}

// ---- output layers and losses of small networks ------------------------------------------------------------------

// z[c..c+NC][j..j+NV vectors] = bias + sum over rows of w h
template <class T, int NC, int NV>
INLINE void add_up(const T *h, const T *w, const T *bias, T *z, int64_t rows, int64_t outputs, int64_t columns) {
    const int lanes = Vector<T>::lanes;
    V<T> total[NC][NV];
    for (int c = 0; c < NC; c++)
        for (int v = 0; v < NV; v++) total[c][v] = every(bias[c]);
    for (int64_t r = 0; r < rows; r++)
        for (int v = 0; v < NV; v++) {
            V<T> x = load(h + r * columns + v * lanes);
            for (int c = 0; c < NC; c++) total[c][v] += x * w[r * outputs + c];
        }
    for (int c = 0; c < NC; c++)
        for (int v = 0; v < NV; v++) store(z + c * columns + v * lanes, total[c][v]);
}

template <class T>
static void forward(const T *h, const T *w, const T *bias, T *z, int64_t rows, int64_t outputs, int64_t columns) {
    const int lanes = Vector<T>::lanes;
    int64_t c = 0;
    for (; c + 2 <= outputs; c += 2) {
        int64_t j = 0;
        for (; j + 2 * lanes <= columns; j += 2 * lanes)
            add_up<T, 2, 2>(h + j, w + c, bias + c, z + c * columns + j, rows, outputs, columns);
        for (; j < columns; j += lanes)
            add_up<T, 2, 1>(h + j, w + c, bias + c, z + c * columns + j, rows, outputs, columns);
    }
    for (; c < outputs; c++)
        for (int64_t j = 0; j < columns; j += lanes)
            add_up<T, 1, 1>(h + j, w + c, bias + c, z + c * columns + j, rows, outputs, columns);
}

template <class T> static void softmax(T *z, int64_t outputs, int64_t columns) {
    const int lanes = Vector<T>::lanes;
    for (int64_t j = 0; j < columns; j += lanes) {
        V<T> most = load(z + j), total = every(T(0));
        for (int64_t c = 1; c < outputs; c++) {
            V<T> x = load(z + c * columns + j);
            most = x > most ? x : most;
        }
        for (int64_t c = 0; c < outputs; c++) {
            V<T> x = exponential(load(z + c * columns + j) - most);
            total += x;
            store(z + c * columns + j, x);
        }
        total = T(1) / total;
        for (int64_t c = 0; c < outputs; c++) store(z + c * columns + j, load(z + c * columns + j) * total);
    }
}

// Outputs, or probabilities, to the gradient of the loss in the outputs; returns its sum
template <class T> INLINE T residual(T *z, const T *target, const T *share, int64_t columns) {
    V<T> total = every(T(0));
    for (int64_t j = 0; j < columns; j += Vector<T>::lanes) {
        V<T> x = (load(z + j) - load(target + j)) * load(share + j);
        total += x;
        store(z + j, x);
    }
    return sum<T>(total);
}

// Gradient in the weights of NR rows to NC outputs: sums over columns
template <class T, int NR, int NC>
INLINE void products(const T *h, const T *g, const T *gate, T *to_w, int64_t outputs, int64_t columns) {
    V<T> total[NR][NC] = {};
    for (int64_t j = 0; j < columns; j += Vector<T>::lanes)
        for (int c = 0; c < NC; c++) {
            V<T> y = load(g + c * columns + j);
            for (int r = 0; r < NR; r++) total[r][c] += load(h + r * columns + j) * y;
        }
    for (int r = 0; r < NR; r++)
        for (int c = 0; c < NC; c++) to_w[r * outputs + c] = sum<T>(total[r][c]) * gate[r * outputs + c];
}

// Activations of NR rows to the gradient in what they come from; NaN counts as on
template <class T, int NR>
INLINE void pull(T *h, const T *w, const T *g, int64_t outputs, int64_t columns, bool relu) {
    for (int64_t j = 0; j < columns; j += Vector<T>::lanes) {
        V<T> total[NR] = {};
        for (int64_t c = 0; c < outputs; c++) {
            V<T> y = load(g + c * columns + j);
            for (int r = 0; r < NR; r++) total[r] += y * w[r * outputs + c];
        }
        for (int r = 0; r < NR; r++) {
            V<T> x = load(h + r * columns + j);
            store(h + r * columns + j, relu ? (x <= T(0) ? every(T(0)) : total[r]) : total[r] * (T(1) - x * x));
        }
    }
}

template <class T, int NR>
INLINE void pull_rows(T *h, const T *w, const T *g, const T *gate, T *to_w, int64_t outputs, int64_t columns, bool relu) {
    int64_t c = 0;
    for (; c + 2 <= outputs; c += 2) products<T, NR, 2>(h, g + c * columns, gate + c, to_w + c, outputs, columns);
    for (; c < outputs; c++) products<T, NR, 1>(h, g + c * columns, gate + c, to_w + c, outputs, columns);
    pull<T, NR>(h, w, g, outputs, columns, relu);
}

template <class T> struct Readout {
    T *hidden;             // (rows, columns): before the activation for relu, behind it for tanh; becomes its gradient
    const int64_t *starts; // first row of each network, and the end of the last one
    const T *weight;       // (rows, outputs)
    T *to_weight;
    const T *bias; // (networks, outputs)
    T *to_bias;
    const T *target; // (outputs, columns): one-hot or values
    const T *share;  // weight of each column in the loss
    T *spare;        // (rows, outputs), then (outputs, columns)
    int64_t networks, outputs, columns, relu, classes;
};

// Gradient of the loss in weights, biases and what the hidden units come from; gates are (rows, outputs)
template <class T> static void read_out(const Readout<T> &all, const T *gate) {
    const int64_t outputs = all.outputs, columns = all.columns, end = all.starts[all.networks];
    T *gated = all.spare, *z = gated + end * outputs;
    for (int64_t i = 0; i < end * outputs; i++) gated[i] = all.weight[i] * gate[i];
    for (int64_t network = 0; network < all.networks; network++) {
        const int64_t start = all.starts[network], stop = all.starts[network + 1];
        T *h = all.hidden + start * columns;
        if (all.relu)
            for (int64_t i = 0; i < (stop - start) * columns; i++) h[i] = h[i] < 0 ? 0 : h[i]; // which keeps NaN
        forward(h, gated + start * outputs, all.bias + network * outputs, z, stop - start, outputs, columns);
        if (all.classes) softmax(z, outputs, columns);
        for (int64_t c = 0; c < outputs; c++)
            all.to_bias[network * outputs + c] = residual(z + c * columns, all.target + c * columns, all.share, columns);
        int64_t r = start;
        for (; r + 4 <= stop; r += 4)
            pull_rows<T, 4>(all.hidden + r * columns, gated + r * outputs, z, gate + r * outputs,
                            all.to_weight + r * outputs, outputs, columns, all.relu);
        for (; r < stop; r++)
            pull_rows<T, 1>(all.hidden + r * columns, gated + r * outputs, z, gate + r * outputs,
                            all.to_weight + r * outputs, outputs, columns, all.relu);
    }
}

// ---- Adam --------------------------------------------------------------------------------------------------------

template <class T> struct Moments {
    T *parameters;
    const T *gradient;
    T *first, *second;
    int64_t size;
    double beta1, beta2, epsilon;
};

// parameters -= step m / (sqrt(v) correction + epsilon)
template <class T> static void adapt(const Moments<T> &all, double step, double correction) {
    T *__restrict p = all.parameters, *__restrict m = all.first, *__restrict v = all.second;
    const T *__restrict g = all.gradient;
    const T to_first = 1 - all.beta1, keep = all.beta2, to_second = 1 - all.beta2, epsilon = all.epsilon;
    const T by = step, root = correction;
    for (int64_t i = 0; i < all.size; i++) {
        const T a = m[i] + to_first * (g[i] - m[i]), b = keep * v[i] + to_second * g[i] * g[i];
        m[i] = a, v[i] = b;
        p[i] -= by * a / (std::sqrt(b) * root + epsilon);
    }
}

// ---- slices of one network -----------------------------------------------------------------------------------------

template <class T> struct Slice {
    const T *hidden;       // (units, columns)
    const T *weight;       // (units, outputs)
    const T *bias;         // (outputs,)
    const T *target;       // (outputs, columns): one-hot or values
    const int64_t *starts; // first of the sorted widths in [k, k + 1), for k = 0 to units, and their number
    const T *gates;        // of the unit that each width cuts
    T *spare;              // (2 outputs, TILE) and (outputs, lanes)
    double *loss, *score;  // sums over columns, added to
    int64_t units, outputs, columns, classes;
};

const int64_t TILE = 128;

// Cross-entropy and hits in the first `live` columns of a tile, whose logits are base + m w y
template <class T>
INLINE void cross_entropy(const Slice<T> &all, const T *base, const T *goal, const T *y, const T *w, T m, int64_t live,
                          T *z, double &loss, double &hits) {
    const int lanes = Vector<T>::lanes;
    V<T> rest = every(T(0)), count = rest, product = every(T(1));
    double logs = 0;
    for (int64_t j = 0; j < live; j += lanes) {
        V<T> most = every(T(-INFINITY)), hit = every(T(0)), labelled = hit, total = hit;
        const V<T> column = load(y + j);
        for (int64_t c = 0; c < all.outputs; c++) {
            const V<T> x = load(base + c * TILE + j) + column * (m * w[c]), label = load(goal + c * TILE + j);
            store(z + c * lanes, x);
            hit = x > most ? label : hit; // the first of the largest
            labelled += x * label;
            most = x > most ? x : most;
        }
        for (int64_t c = 0; c < all.outputs; c++) total += exponential(load(z + c * lanes) - most);
        V<T> lost = most - labelled;
        for (int lane = 0; j + lane >= live - lanes && lane < lanes; lane++)
            if (j + lane >= live) total[lane] = 1, lost[lane] = 0, hit[lane] = 0;
        rest += lost, count += hit, product *= total;
        if (j % (4 * lanes) == 3 * lanes || j + lanes >= live) { // few enough factors for their range
            for (int lane = 0; lane < lanes; lane++) logs += std::log(double(product[lane]));
            product = every(T(1));
        }
    }
    loss += logs + sum<T>(rest), hits += sum<T>(count);
}

template <class T>
INLINE void squared_error(const Slice<T> &all, const T *base, const T *goal, const T *y, const T *w, T m, int64_t live,
                          double &loss, double &score) {
    double total = 0;
    for (int64_t c = 0; c < all.outputs; c++)
        for (int64_t i = 0; i < live; i++) {
            const double error = base[c * TILE + i] + m * w[c] * y[i] - goal[c * TILE + i];
            total += error * error;
        }
    loss += total / 2, score += total;
}

// Loss and score at every width, with the units before the cut in a running sum
template <class T> static void slice(const Slice<T> &all) {
    T *base = all.spare, *goal = base + all.outputs * TILE, *z = goal + all.outputs * TILE, y[TILE];
    for (int64_t start = 0; start < all.columns; start += TILE) {
        const int64_t live = all.columns - start < TILE ? all.columns - start : TILE;
        for (int64_t c = 0; c < all.outputs; c++)
            for (int64_t i = 0; i < TILE; i++) {
                base[c * TILE + i] = all.bias[c];
                goal[c * TILE + i] = i < live ? all.target[c * all.columns + start + i] : 0;
            }
        for (int64_t i = 0; i < TILE; i++) y[i] = 0;
        for (int64_t k = 0; k <= all.units; k++) {
            const int64_t unit = k < all.units ? k : k - 1;
            const T *w = all.weight + unit * all.outputs;
            for (int64_t i = 0; i < live; i++) y[i] = all.hidden[unit * all.columns + start + i];
            for (int64_t n = all.starts[k]; n < all.starts[k + 1]; n++) {
                const T m = k < all.units ? all.gates[n] : 0;
                if (all.classes)
                    cross_entropy(all, base, goal, y, w, m, live, z, all.loss[n], all.score[n]);
                else
                    squared_error(all, base, goal, y, w, m, live, all.loss[n], all.score[n]);
            }
            for (int64_t c = 0; c < all.outputs && k < all.units; c++)
                for (int64_t i = 0; i < TILE; i++) base[c * TILE + i] += w[c] * y[i];
        }
    }
}

// ---- projection on the capped simplex ----------------------------------------------------------------------------

typedef V<double> Wide;
typedef float Narrow __attribute__((vector_size(BYTES / 2)));
const int WIDE = Vector<double>::lanes;
INLINE Wide widened(const double *from) { return load(from); }
INLINE Wide widened(const float *from) {
    Narrow v;
    memcpy(&v, from, sizeof v);
    return __builtin_convertvector(v, Wide);
}

// Sum of the grades at a threshold, and how many are strictly between 0 and 1
template <class T> INLINE void grades_at(const T *scores, int64_t units, double threshold, double &total, double &free) {
    Wide sums = {}, frees = {};
    const Wide zero = {}, one = zero + 1.0;
    int64_t i = 0;
    for (; i + WIDE <= units; i += WIDE) {
        const Wide x = widened(scores + i) - threshold;
        sums += x <= 0.0 ? zero : (x >= 1.0 ? one : x);
        frees += x <= 0.0 ? zero : (x >= 1.0 ? zero : one);
    }
    total = sum<double>(sums), free = sum<double>(frees);
    for (; i < units; i++) {
        const double x = scores[i] - threshold;
        total += x <= 0 ? 0 : x >= 1 ? 1 : x;
        free += x > 0 && x < 1;
    }
}

// Newton's method inside a shrinking bracket, as in the pure form, in double precision
template <class T> static double root(const T *scores, int64_t units, double goal, double low, double high, double start) {
    double threshold = start, total, free;
    for (int step = 0; step < 1000; step++) {
        if (!(low < threshold && threshold < high)) {
            threshold = low / 2 + high / 2;
            if (!(low < threshold && threshold < high)) break; // neighbouring numbers
        }
        grades_at(scores, units, threshold, total, free);
        const double gap = total - goal;
        if (!(std::fabs(gap) > 4.4e-16 * (units + free * std::fabs(threshold)))) break;
        (gap >= 0 ? low : high) = threshold;
        threshold = free ? threshold + gap / free : INFINITY;
    }
    return threshold;
}

// Least and largest score, and their sum; false where a score is not finite
template <class T> INLINE bool bounds(const T *scores, int64_t units, double &least, double &most, double &all) {
    Wide low = every((double)INFINITY), high = -low, sums = {};
    int64_t i = 0;
    for (; i + WIDE <= units; i += WIDE) {
        const Wide x = widened(scores + i);
        low = x < low ? x : low, high = x > high ? x : high, sums += x;
    }
    all = sum<double>(sums), least = INFINITY, most = -INFINITY;
    for (int lane = 0; lane < WIDE; lane++) {
        least = low[lane] < least ? low[lane] : least;
        most = high[lane] > most ? high[lane] : most;
    }
    for (; i < units; i++) {
        const double x = scores[i];
        least = x < least ? x : least, most = x > most ? x : most, all += x;
    }
    return all == all && least > -INFINITY && most < INFINITY;
}

template <class T> static void clip_row(const T *__restrict scores, int64_t units, double goal, T *__restrict grades) {
    double least, most, all;
    const bool finite = bounds(scores, units, least, most, all) && goal == goal;
    if (!finite || goal <= 0 || goal >= units) {
        for (int64_t i = 0; i < units; i++) grades[i] = finite ? T(goal > 0) : T(NAN);
        return;
    }
    const double threshold = root(scores, units, goal, least - 1, most, (all - goal) / units);
    for (int64_t i = 0; i < units; i++) {
        const double x = scores[i] - threshold, above = x > 0 ? x : 0;
        grades[i] = above < 1 ? above : 1;
    }
    if (-2 < threshold && threshold < 2) return;
    // For large scores the threshold is too coarse to hold the sum: what is missing goes to the free grades.
    double reached, free;
    grades_at(scores, units, threshold, reached, free);
    const double each = (goal - reached) / (free ? free : 1);
    for (int64_t i = 0; i < units; i++) {
        const double x = scores[i] - threshold, moved = x + each;
        if (x > 0 && x < 1) grades[i] = moved <= 0 ? 0 : moved >= 1 ? 1 : moved;
    }
}

template <class T> static void clip_rows(const T *scores, const T *totals, int64_t rows, int64_t units, T *grades) {
    for (int64_t row = 0; row < rows; row++) clip_row(scores + row * units, units, totals[row], grades + row * units);
}

extern "C" {
void slice_float32(const Slice<float> *all) { slice(*all); }
void slice_float64(const Slice<double> *all) { slice(*all); }
void read_out_float32(const Readout<float> *all, const float *gate) { read_out(*all, gate); }
void read_out_float64(const Readout<double> *all, const double *gate) { read_out(*all, gate); }
void adapt_float32(const Moments<float> *all, double step, double correction) { adapt(*all, step, correction); }
void adapt_float64(const Moments<double> *all, double step, double correction) { adapt(*all, step, correction); }
void clip_rows_float32(const float *scores, const float *totals, int64_t rows, int64_t units, float *grades) {
    clip_rows(scores, totals, rows, units, grades);
}
void clip_rows_float64(const double *scores, const double *totals, int64_t rows, int64_t units, double *grades) {
    clip_rows(scores, totals, rows, units, grades);
}
}
