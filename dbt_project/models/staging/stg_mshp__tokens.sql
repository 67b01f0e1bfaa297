{{ current_tokens('mshp') }}
