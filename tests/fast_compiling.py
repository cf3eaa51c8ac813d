"""How the suite compiles for JAX: fast, since nearly all of JAX's time here is compiling."""

# Not level 0: there a maximum and what it is compared with for its gradient are rounded differently
# (one of them by fused products and sums), none is equal, and the gradient is lost. The emitters of
# fused operations take a third of the time to compile; without them the figures are the same. Code
# that is divided for threads takes an eighth longer where there is one core for it.
FAST_COMPILING = (
    " --xla_backend_optimization_level=1 --xla_cpu_use_fusion_emitters=false"
    " --xla_cpu_parallel_codegen_split_count=1"
)
