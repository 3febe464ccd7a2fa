#include <cstdlib>
#include <string_view>

#include <kousei/threads.hpp>

#include "kernels.hpp"

namespace kousei::simd {

namespace baseline {
extern const InstructionSet set;
}
#if defined(KOUSEI_X86_64)
namespace avx2 {
extern const InstructionSet set;
}
namespace avx512 {
extern const InstructionSet set;
}
#endif

const InstructionSet* const instruction_sets[] = {
#if defined(KOUSEI_X86_64)
    &avx512::set, &avx2::set,
#endif
    &baseline::set, nullptr};

const InstructionSet& instruction_set() {
    static const InstructionSet& chosen = []() -> const InstructionSet& {
        const char* text = std::getenv("KOUSEI_SIMD");
        const std::string_view wish = text ? text : "";
        bool allowed = true;
        for (const InstructionSet* const* set = instruction_sets; *set; ++set) {
            if (wish == (*set)->name) allowed = false;
        }
        for (const InstructionSet* const* set = instruction_sets; *set; ++set) {
            allowed = allowed || wish == (*set)->name;
            if (allowed && (*set)->supported()) return **set;
        }
        return baseline::set;
    }();
    return chosen;
}

}  // namespace kousei::simd

namespace kousei {

const char* instruction_set_name() {
    return simd::instruction_set().name;
}

}  // namespace kousei
