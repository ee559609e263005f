#pragma once

#include "gzip.h"
