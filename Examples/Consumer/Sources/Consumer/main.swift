// A program outside of the package, which sees only what is public.
import Autodiff
import ConViT

var random = Random(seed: 0)
precondition(random.next() != random.next(), "a source of random numbers repeats itself")

// GPSA EXAMPLE GOES HERE: a model of the reader's own with one GPSA layer, one step of training.

print("Consumer: ok")
