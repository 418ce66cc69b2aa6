// A perceptron with gated units as one node of autograd: gates folded into the weights behind them, derivatives by hand.
//
// This serves plain tensors on the CPU. What it does not know it leaves to the general form, in Python: the caller gets
// None from perceptron(); derivatives of derivatives, and batches of gradients, call `general` (see __init__.py).

#include <Python.h>

#include <ATen/ATen.h>
#include <ATen/TensorSubclassLikeUtils.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/Exceptions.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/python_variable.h>

#include "laws.h"

namespace {

using at::Tensor;
using laws::Row;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

enum Activation { TANH, RELU, GELU };
enum Kind { INTERVAL, FUZZY, SOFT_SUPPORT, CONCRETE };
constexpr int TENSORS[] = {1, 2, 3, 2};  // gamma; scores, total; gamma, slope, kappa; logits, temperature

PyObject* general = nullptr;

struct Gil {
  PyGILState_STATE state = PyGILState_Ensure();
  ~Gil() { PyGILState_Release(state); }
};
struct NoGil {
  PyThreadState* state = PyEval_SaveThread();
  ~NoGil() { PyEval_RestoreThread(state); }
};

// A hidden layer: its law, where its tensors stand among the inputs, and what its derivatives need.
struct Layer {
  Kind kind;
  bool right;
  double exponent;
  int64_t weight, law;  // index of the weight (the bias is next), and of the law's first tensor
  int64_t active = 0;
  laws::Interval interval{};
  Row gates, first, second;  // first, second: slopes of soft support; grades; shares
  double temperature = 1;
  Tensor uniform;
};

struct Network : torch::CustomClassHolder {
  Activation activation = TANH;
  std::vector<Layer> layers;
  int64_t last = 0;  // index of the last weight
  std::vector<Tensor> inputs;
  std::vector<int64_t> versions;
  PyObject* description = nullptr;
  ~Network() override {
    if (description == nullptr || !Py_IsInitialized()) return;
    Gil gil;
    Py_DECREF(description);
  }
};

template <typename F>
auto with_type(const Tensor& like, F f) {
  return like.scalar_type() == at::kFloat ? f(float()) : f(double());
}

double scalar(const Tensor& t) {
  return with_type(t, [&](auto zero) { return double(*t.const_data_ptr<decltype(zero)>()); });
}

Row row(const Tensor& t) {
  return with_type(t, [&](auto zero) {
    const auto* p = t.const_data_ptr<decltype(zero)>();
    return Row(p, p + t.numel());
  });
}

Tensor tensor(const Row& values, const Tensor& like) {
  Tensor t = at::empty({static_cast<int64_t>(values.size())}, like.options());
  with_type(t, [&](auto zero) {
    std::copy(values.begin(), values.end(), t.mutable_data_ptr<decltype(zero)>());
    return 0;
  });
  return t;
}

Tensor tensor(double value, const Tensor& like) {
  Tensor t = at::empty({}, like.options());
  with_type(t, [&](auto zero) { return *t.mutable_data_ptr<decltype(zero)>() = value; });
  return t;
}

// Gates of a law that does not sample; false where the general form must do it.
bool set_gates(Layer& layer, const Network& net) {
  const Tensor *t = &net.inputs[layer.law], &weight = net.inputs[layer.weight];
  const int64_t units = weight.size(0);
  auto constant = [](const Tensor& value) { return value.dim() == 0 && !value.requires_grad(); };
  layer.active = units;
  if (layer.kind == INTERVAL) {
    if (t[0].dim() != 0 || !layer.interval.place(scalar(t[0]), units, layer.right, layer.exponent)) return false;
    layer.active = layer.interval.active;
    layer.gates.assign(layer.active, 1.0);
    if (layer.interval.edge < layer.active) layer.gates[layer.active - 1] = 0.0;
    if (layer.interval.moves()) layer.gates[layer.interval.edge] = layer.interval.gate;
    return true;
  }
  layer.gates.resize(units);
  if (layer.kind == FUZZY) {
    if (t[0].dim() != 1 || t[0].size(0) != units || !t[0].is_contiguous() || !constant(t[1])) return false;
    layer.first = row(t[0]);
    if (!laws::project(layer.first, scalar(t[1]))) return false;
    for (int64_t i = 0; i < units; i++) layer.gates[i] = laws::power(layer.first[i], layer.exponent);
    return true;
  }
  if (layer.kind == SOFT_SUPPORT) {
    if (t[0].dim() != 0 || t[1].dim() != 0 || !constant(t[2])) return false;
    layer.first.resize(units);
    layer.second.resize(units);
    return laws::soften(scalar(t[0]), scalar(t[1]), scalar(t[2]), layer.gates, layer.first, layer.second);
  }
  if (t[0].dim() != 1 || t[0].size(0) != units || !t[0].is_contiguous() || !constant(t[1])) return false;
  layer.first = row(t[0]);
  layer.temperature = scalar(t[1]);
  return std::all_of(layer.first.begin(), layer.first.end(), [](double logit) { return std::isfinite(logit); });
}

// A sample of the gates, from the numbers that the general form would draw.
void sample_gates(Layer& layer, const Network& net) {
  const Tensor& logits = net.inputs[layer.law];
  layer.uniform = at::rand_like(logits.detach());
  const double tiny = logits.scalar_type() == at::kFloat ? std::numeric_limits<float>::min() : std::numeric_limits<double>::min();
  laws::relax(layer.first, row(layer.uniform), layer.temperature, tiny, layer.gates);
}

Tensor corner(const Tensor& weight, int64_t rows, int64_t columns) {
  Tensor part = rows == weight.size(0) ? weight : weight.narrow(0, 0, rows);
  return columns == weight.size(1) ? part : part.narrow(1, 0, columns);
}

// The first rows of a weight, each column times its gate.
Tensor folded(const Tensor& weight, int64_t rows, const Tensor& gates) {
  const int64_t columns = gates.size(0), stride = weight.size(1);
  Tensor product = at::empty({rows, columns}, weight.options());
  with_type(weight, [&](auto zero) {
    using T = decltype(zero);
    const T *w = weight.const_data_ptr<T>(), *m = gates.const_data_ptr<T>();
    T* p = product.mutable_data_ptr<T>();
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < columns; j++) p[i * columns + j] = w[i * stride + j] * m[j];
    return 0;
  });
  return product;
}

// From the gradient in a folded weight those in the weight, of full size, and in the gates (where weight is given).
Tensor unfolded(const Tensor& gradient, at::IntArrayRef sizes, const Tensor& gates, const Tensor& weight, Tensor& by_gate) {
  const int64_t rows = gradient.size(0), columns = gradient.size(1), stride = sizes[1];
  const bool whole = rows == sizes[0] && columns == stride;
  Tensor out = whole ? at::empty(sizes, gradient.options()) : at::zeros(sizes, gradient.options());
  with_type(gradient, [&](auto zero) {
    using T = decltype(zero);
    const T *g = gradient.const_data_ptr<T>(), *m = gates.const_data_ptr<T>();
    T* o = out.mutable_data_ptr<T>();
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < columns; j++) o[i * stride + j] = g[i * columns + j] * m[j];
    if (!weight.defined()) return 0;
    by_gate = at::zeros({columns}, gradient.options());
    const T* w = weight.const_data_ptr<T>();
    T* b = by_gate.mutable_data_ptr<T>();
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < columns; j++) b[j] += g[i * columns + j] * w[i * stride + j];
    return 0;
  });
  return out;
}

// Gradients of a law's tensors, from that in its gates.
void law_gradients(const Layer& layer, const Row& by_gate, const Tensor& like, const AutogradContext* ctx, variable_list& out) {
  const size_t units = by_gate.size();
  double sum = 0, other = 0;
  if (layer.kind == INTERVAL) {
    const bool moves = layer.interval.moves();
    out[layer.law] = tensor(moves ? laws::chained(layer.interval.slope, by_gate[layer.interval.edge]) : 0.0, like);
  } else if (layer.kind == SOFT_SUPPORT) {
    for (size_t i = 0; i < units; i++) sum += by_gate[i] * layer.first[i], other += by_gate[i] * layer.second[i];
    if (ctx->needs_input_grad(layer.law)) out[layer.law] = tensor(sum, like);
    if (ctx->needs_input_grad(layer.law + 1)) out[layer.law + 1] = tensor(other, like);
  } else if (layer.kind == FUZZY) {
    Row gradient(units, 0.0);
    int64_t free = 0;
    for (size_t i = 0; i < units; i++) {
      if (!(layer.first[i] > 0 && layer.first[i] < 1)) continue;
      gradient[i] = laws::chained(laws::power_slope(layer.first[i], layer.exponent), by_gate[i]);
      sum += gradient[i], free++;
    }
    for (size_t i = 0; i < units; i++)
      if (layer.first[i] > 0 && layer.first[i] < 1) gradient[i] -= sum / free;
    out[layer.law] = tensor(gradient, like);
  } else {
    Row gradient(units);
    for (size_t i = 0; i < units; i++) gradient[i] = sum += by_gate[i], other += sum * layer.first[i];
    for (size_t i = 0; i < units; i++) gradient[i] = layer.first[i] / layer.temperature * (gradient[i] - other);
    out[layer.law] = tensor(gradient, like);
  }
}

using Held = c10::intrusive_ptr<Network>;

// Saved are x, and for each hidden layer: what it says, what went into its activation (for GELU), its gates, the folded
// weight behind it, and that weight itself where the law has a gradient.
constexpr size_t SAVED = 5;

struct Perceptron : torch::autograd::Function<Perceptron> {
  static Tensor forward(AutogradContext* ctx, at::TensorList inputs, const Held& net);
  static variable_list backward(AutogradContext* ctx, const variable_list& gradients);
};

bool law_learns(const Layer& layer, at::TensorList inputs) {
  return std::any_of(&inputs[layer.law], &inputs[layer.law] + TENSORS[layer.kind], [](const Tensor& t) { return t.requires_grad(); });
}

Tensor Perceptron::forward(AutogradContext* ctx, at::TensorList inputs, const Held& net) {
  at::AutoDispatchBelowADInplaceOrView guard;
  variable_list saved{inputs[0]};
  // The weight of the first layer is wanted for the gradient in x alone.
  saved.push_back(inputs[0].requires_grad() ? inputs[1] : Tensor());
  Tensor hidden = inputs[0], weight;
  for (const Layer& layer : net->layers) {
    const Tensor &all = inputs[layer.weight], &bias = inputs[layer.weight + 1];
    if (!weight.defined()) weight = corner(all, layer.active, all.size(1));
    Tensor before = at::addmm(bias.narrow(0, 0, layer.active), hidden, weight.t());
    if (net->activation == TANH) hidden = before.tanh_();
    if (net->activation == RELU) hidden = before.relu_();
    if (net->activation == GELU) hidden = at::gelu(before);
    const Tensor gates = tensor(layer.gates, bias);
    const Tensor& next = inputs[layer.law + TENSORS[layer.kind]];
    const bool final = &layer == &net->layers.back();
    weight = folded(next, final ? next.size(0) : (&layer + 1)->active, gates);
    saved.insert(saved.end(), {hidden, net->activation == GELU ? before : Tensor(), gates, weight,
                               law_learns(layer, inputs) ? next : Tensor()});
  }
  ctx->save_for_backward(std::move(saved));
  ctx->saved_data["network"] = c10::IValue::make_capsule(net);
  return at::addmm(inputs[net->last + 1], hidden, weight.t());
}

PyObject* list(at::TensorList tensors) {
  PyObject* out = PyList_New(tensors.size());
  for (size_t i = 0; i < tensors.size(); i++) PyList_SET_ITEM(out, i, THPVariable_Wrap(tensors[i]));
  return out;
}

// Gradients by the general form, which can be differentiated again.
variable_list by_general(AutogradContext* ctx, const Network& net, const Tensor& x, const Tensor& gradient) {
  const size_t count = net.inputs.size();
  variable_list inputs{x}, noise, out(count + 1);  // one for the network, which has no gradient
  for (size_t i = 1; i < count; i++) {
    TORCH_CHECK(net.inputs[i].is_inference() || int64_t(net.inputs[i]._version()) == net.versions[i],
                "one of the variables needed for gradient computation has been modified by an inplace operation");
    inputs.push_back(net.inputs[i]);
  }
  for (const Layer& layer : net.layers)
    if (layer.kind == CONCRETE) noise.push_back(layer.uniform);
  Gil gil;
  PyObject* wanted = PyList_New(count);
  for (size_t i = 0; i < count; i++) PyList_SET_ITEM(wanted, i, PyBool_FromLong(ctx->needs_input_grad(i)));
  PyObject* result = PyObject_CallFunction(general, "(ONNNN)", net.description, list(inputs), list(noise), wanted,
                                           THPVariable_Wrap(gradient));
  if (result == nullptr) {
    python_error error;
    error.persist();
    throw error;
  }
  for (size_t i = 0; i < count; i++) {
    PyObject* item = PyList_GetItem(result, i);
    if (item != Py_None) out[i] = THPVariable_Unpack(item);
  }
  Py_DECREF(result);
  return out;
}

// A gradient in the first rows of a bias, of full size.
Tensor bias_gradient(const Tensor& gradient, int64_t units) {
  if (gradient.size(1) == units) return at::sum(gradient, 0);
  Tensor out = at::zeros({units}, gradient.options()), part = out.narrow(0, 0, gradient.size(1));
  at::sum_out(part, gradient, 0);
  return out;
}

// A gradient in the first rows of the first weight, of full size.
Tensor weight_gradient(const Tensor& gradient, const Tensor& x, int64_t units) {
  if (gradient.size(1) == units) return at::mm(gradient.t(), x);
  Tensor out = at::zeros({units, x.size(1)}, gradient.options()), part = out.narrow(0, 0, gradient.size(1));
  at::mm_out(part, gradient.t(), x);
  return out;
}

variable_list Perceptron::backward(AutogradContext* ctx, const variable_list& gradients) {
  const auto held = c10::static_intrusive_pointer_cast<Network>(ctx->saved_data["network"].toCapsule());
  const Network& net = *held;
  const variable_list saved = ctx->get_saved_variables();
  Tensor gradient = gradients[0];
  if (at::GradMode::is_enabled() || at::isTensorSubclassLike(gradient) || gradient.layout() != at::kStrided)
    return by_general(ctx, net, saved[0], gradient);
  at::AutoDispatchBelowADInplaceOrView guard;
  variable_list out(net.inputs.size() + 1);
  auto wanted = [&](int64_t i) { return ctx->needs_input_grad(i); };
  for (size_t l = net.layers.size(); l-- > 0;) {
    const Layer& layer = net.layers[l];
    const Tensor *kept = &saved[2 + SAVED * l], &hidden = kept[0], &gates = kept[2], &weight = kept[3];
    const int64_t next = layer.law + TENSORS[layer.kind];
    Tensor by_gate;
    if (wanted(next) || kept[4].defined()) {
      const Tensor product = at::mm(gradient.t(), hidden).contiguous();
      out[next] = unfolded(product, net.inputs[next].sizes(), gates, kept[4], by_gate);
    }
    if (by_gate.defined()) law_gradients(layer, row(by_gate), by_gate, ctx, out);
    if (wanted(next + 1)) out[next + 1] = bias_gradient(gradient, net.inputs[next + 1].size(0));
    gradient = at::mm(gradient, weight);
    if (net.activation == TANH) gradient = at::tanh_backward(gradient, hidden);
    if (net.activation == RELU) gradient = at::threshold_backward(gradient, hidden, 0);
    if (net.activation == GELU) gradient = at::gelu_backward(gradient, kept[1]);
  }
  const int64_t units = net.inputs[1].size(0);
  if (wanted(0)) out[0] = at::mm(gradient, corner(saved[1], gradient.size(1), saved[1].size(1)));
  if (wanted(1)) out[1] = weight_gradient(gradient, saved[0], units);
  if (wanted(2)) out[2] = bias_gradient(gradient, units);
  return out;
}

bool plain(const Tensor& t, const Tensor& x) {
  return t.device().is_cpu() && t.layout() == at::kStrided && t.scalar_type() == x.scalar_type() && !t.is_neg() &&
         !at::isTensorSubclassLike(t);
}

// Whether shapes and types are those of plain layers, one behind the other.
bool fits(const Network& net) {
  const auto& t = net.inputs;
  const Tensor& x = t[0];
  if (x.scalar_type() != at::kFloat && x.scalar_type() != at::kDouble) return false;
  if (x.dim() != 2 || x.numel() == 0) return false;
  for (const Tensor& value : t)
    if (!plain(value, x)) return false;
  int64_t columns = x.size(1);
  auto linear = [&](int64_t i) {
    const Tensor &w = t[i], &b = t[i + 1];
    const bool good = w.dim() == 2 && w.size(1) == columns && w.is_contiguous() && b.dim() == 1 && b.size(0) == w.size(0);
    columns = good ? w.size(0) : -1;
    return good && columns > 0;
  };
  for (const Layer& layer : net.layers)
    if (!linear(layer.weight)) return false;
  return linear(net.last);
}

Held network(PyObject* description, PyObject* tensors) {
  auto net = c10::make_intrusive<Network>();
  net->activation = static_cast<Activation>(PyLong_AsLong(PyTuple_GET_ITEM(description, 0)));
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(tensors); i++) {
    PyObject* value = PyList_GET_ITEM(tensors, i);
    if (!THPVariable_Check(value)) return nullptr;
    net->inputs.push_back(THPVariable_Unpack(value));
    net->versions.push_back(net->inputs.back().is_inference() ? 0 : net->inputs.back()._version());
  }
  int64_t at = 1;
  for (Py_ssize_t i = 1; i < PyTuple_GET_SIZE(description); i++) {
    PyObject* law = PyTuple_GET_ITEM(description, i);  // kind, whether from the right, exponent, units
    const auto kind = static_cast<Kind>(PyLong_AsLong(PyTuple_GET_ITEM(law, 0)));
    Layer layer{kind, PyTuple_GET_ITEM(law, 1) == Py_True, PyFloat_AsDouble(PyTuple_GET_ITEM(law, 2)), at, at + 2};
    const int64_t units = PyLong_AsLong(PyTuple_GET_ITEM(law, 3));
    at += 2 + TENSORS[kind];
    if (net->inputs.size() < size_t(at + 2) || net->inputs[layer.weight].dim() != 2) return nullptr;
    if (net->inputs[layer.weight].size(0) != units) return nullptr;
    net->layers.push_back(std::move(layer));
  }
  net->last = at;
  if (net->inputs.size() != size_t(at + 2) || !fits(*net)) return nullptr;
  Py_INCREF(description);
  net->description = description;
  return net;
}

Tensor outputs(const Held& net) {
  for (Layer& layer : net->layers)
    if (!set_gates(layer, *net)) return Tensor();
  for (Layer& layer : net->layers)  // when nothing can stop us any more: a generator moves once
    if (layer.kind == CONCRETE) sample_gates(layer, *net);
  Tensor out = Perceptron::apply(at::TensorList(net->inputs), net);
  net->inputs[0] = Tensor();  // x is saved where buffers are freed
  return out;
}

// perceptron(description, tensors) -> outputs or None
PyObject* perceptron(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
  HANDLE_TH_ERRORS
  if (count != 2 || !PyTuple_Check(arguments[0]) || !PyList_Check(arguments[1])) {
    PyErr_SetString(PyExc_TypeError, "perceptron takes a description and a list of tensors");
    return nullptr;
  }
  Held net = network(arguments[0], arguments[1]);
  Tensor out;
  if (net) {
    NoGil released;
    out = outputs(net);
  }
  if (!out.defined()) Py_RETURN_NONE;
  return THPVariable_Wrap(std::move(out));
  END_HANDLE_TH_ERRORS
}

PyObject* set_general(PyObject*, PyObject* function) {
  Py_INCREF(function);
  Py_XDECREF(general);
  general = function;
  Py_RETURN_NONE;
}

PyMethodDef METHODS[] = {
    {"perceptron", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(perceptron)), METH_FASTCALL, nullptr},
    {"set_general", set_general, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr}};
PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "perceptron", nullptr, -1, METHODS};

}  // namespace

PyMODINIT_FUNC PyInit_perceptron() { return PyModule_Create(&MODULE); }
