// Gates of one row of units and what their derivatives need, computed in double precision whatever the numbers' type.
// Each function says by false that the case is not its own: then the general form, in Python, takes over.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace laws {

using Row = std::vector<double>;

// a^p and its slope in a; at a = 0 with p < 1 the slope is infinite.
inline double power(double a, double p) { return p == 1 ? a : std::pow(a, p); }
inline double power_slope(double a, double p) { return p == 1 ? 1 : p * std::pow(a, p - 1); }

// 0 where nothing depends on the gate, even if its slope is infinite.
inline double chained(double slope, double gradient) { return gradient == 0 && std::isinf(slope) ? 0 : slope * gradient; }

struct Interval {
  int64_t active, edge;  // the gate at edge moves with gamma, unless edge lies outside 0..active-1
  double gate, slope;

  // Units 0..edge-1 are whole; active ones are those that are on, and the one about to be born.
  bool place(double gamma, int64_t units, bool right, double exponent) {
    if (!(gamma >= 0 && gamma <= 1e9)) return false;
    const double floor = std::floor(gamma);
    edge = static_cast<int64_t>(right ? floor : std::ceil(gamma) - 1);
    active = std::min(static_cast<int64_t>(floor) + 1, units);
    gate = power(gamma - edge, exponent);
    slope = power_slope(gamma - edge, exponent);
    return true;
  }
  bool moves() const { return edge >= 0 && edge < active; }
};

// Least threshold t with sum clip(score - t, 0, 1) = total, by Newton's method inside a bracket; NaN where it is not for us.
inline double threshold(const Row& scores, double total) {
  const int64_t units = scores.size();
  const double precision = 2 * std::numeric_limits<double>::epsilon();
  double low = INFINITY, high = -INFINITY, sum = 0;
  for (double s : scores) {
    if (!std::isfinite(s)) return NAN;
    low = std::min(low, s), high = std::max(high, s), sum += s;
  }
  if (!(total > 0 && total < units)) return NAN;
  low -= 1;
  double t = (sum - total) / units;
  for (int step = 0; step < 1000; step++) {
    if (!(low < t && t < high)) {
      t = low / 2 + high / 2;
      if (!(low < t && t < high)) return t;  // neighbouring numbers
    }
    double part = 0;
    int64_t free = 0, on = 0;
    for (double s : scores) {
      if (s >= t + 1) on++;
      else if (s > t) free++, part += s;
    }
    const double gap = part - free * t + on - total;
    if (!(std::abs(gap) > precision * (units + free * std::abs(t)))) return t;
    (gap >= 0 ? low : high) = t;
    t = free ? t + gap / free : INFINITY;
  }
  return t;
}

// Grades of sum total nearest to the scores, in their place.
inline bool project(Row& scores, double total) {
  const double t = threshold(scores, total);
  if (!(t > -2 && t < 2)) return false;  // large scores lose digits: the general form mends that
  for (double& s : scores) s = std::min(std::max(s - t, 0.0), 1.0);
  return true;
}

inline double sigmoid(double z) { return z >= 0 ? 1 / (1 + std::exp(-z)) : std::exp(z) / (1 + std::exp(z)); }
inline double softplus(double z) { return z > 40 ? z : std::log1p(std::exp(z)); }

struct Mean {
  double value, left, right;  // and its slopes in both arguments
};

// Mean of the logistic function between p and q with |q - p| > 1, and where they are near.
inline Mean wide_mean(double p, double q) {
  const double gap = q - p, sign = p + q > 0 ? -1 : 1;  // mirrored where the quotient would cancel
  const double quotient = (softplus(sign * q) - softplus(sign * p)) / gap;
  const double left = (quotient - sign * sigmoid(sign * p)) / gap, right = (sign * sigmoid(sign * q) - quotient) / gap;
  return {sign < 0 ? 1 + quotient : quotient, left, right};
}

inline Mean near_mean(double p, double q) {
  static const double PLACES[] = {0.019855071751231884, 0.10166676129318664, 0.2372337950418355, 0.4082826787521751};
  static const double WEIGHTS[] = {0.05061426814518813, 0.11119051722668724, 0.15685332293894363, 0.181341891689181};
  Mean mean{0, 0, 0};
  for (int node = 0; node < 8; node++) {
    const double place = node < 4 ? PLACES[node] : 1 - PLACES[7 - node], weight = WEIGHTS[node < 4 ? node : 7 - node];
    const double s = sigmoid(p * (1 - place) + q * place), slope = weight * s * (1 - s);
    mean.value += weight * s, mean.left += slope * (1 - place), mean.right += slope * place;
  }
  return mean;
}

// Soft support of f(u) = slope (gamma - u): gates, and their derivatives in gamma and in slope.
inline bool soften(double gamma, double slope, double kappa, Row& gates, Row& by_gamma, Row& by_slope) {
  const double rate = kappa * slope;
  if (!std::isfinite(rate * gamma) || !std::isfinite(rate * gates.size())) return false;
  for (size_t i = 0; i < gates.size(); i++) {
    const double from = gamma - i, to = gamma - (i + 1.0), p = rate * from, q = rate * to;
    const Mean mean = std::abs(q - p) > 1 ? wide_mean(p, q) : near_mean(p, q);
    const bool over = mean.value > 1;  // by rounding
    gates[i] = over ? 1 : mean.value;
    by_gamma[i] = over ? 0 : rate * (mean.left + mean.right);
    by_slope[i] = over ? 0 : kappa * (from * mean.left + to * mean.right);
  }
  return true;
}

// Shares softmax(logits / t + noise / t) of standard Gumbel noise -log(-log uniform), and their sums from every unit on.
inline void relax(Row& shares, const Row& uniform, double temperature, double tiny, Row& gates) {
  double most = -INFINITY, whole = 0, sum = 0;
  for (size_t i = 0; i < shares.size(); i++) {
    shares[i] = (shares[i] - std::log(-std::log(std::max(uniform[i], tiny)))) / temperature;
    most = std::max(most, shares[i]);
  }
  for (double& share : shares) share = std::exp(share - most), whole += share;
  for (double& share : shares) share /= whole;
  for (size_t i = shares.size(); i-- > 0;) gates[i] = sum += shares[i];
  for (double& gate : gates) gate /= sum;
}

}  // namespace laws
