(** * The checker

    A certificate has a tree for each target, or one for the linear regions. The program goes through it once, and gives the
    tiles, as polyhedra. What is proved of it is in [Theorems.v]. *)

From Proved Require Import Numbers Question.

Notation "x <- a ; b" := (match a with Some x => b | None => None end) (at level 100, a at next level, right associativity).

(** ** Rational numbers, kept in lowest terms *)

Definition reduced (n : Z) (d : positive) : Q := let g := Z.gcd n (Zpos d) in (n / g) # Z.to_pos (Zpos d / g).
Definition plus (a b : Q) : Q := reduced (Qnum a * Zpos (Qden b) + Qnum b * Zpos (Qden a)) (Qden a * Qden b).
Definition times (a b : Q) : Q := reduced (Qnum a * Qnum b) (Qden a * Qden b).
Definition minus (a b : Q) : Q := plus a (Qopp b).
Definition at_most (a b : Q) : bool := Qnum a * Zpos (Qden b) <=? Qnum b * Zpos (Qden a).
Definition common (a b : positive) : positive := Z.to_pos (Z.lcm (Zpos a) (Zpos b)).

Definition bits (n : Z) : Z := if n =? 0 then 0 else Z.log2 (Z.abs n) + 1.

(** A number that is not larger: some 64 binary digits of it are kept. *)
Definition rounded (q : Q) : Q :=
  let e := bits (Qnum q) - bits (Zpos (Qden q)) - 64 in
  let r := if 0 <=? e then let unit := Z.shiftl 1 e in reduced (Qnum q / (Zpos (Qden q) * unit) * unit) 1
           else let unit := Z.shiftl 1 (- e) in reduced (Qnum q * unit / Zpos (Qden q)) (Z.to_pos unit) in
  if at_most r q then r else q.

(** ** Linear forms *)

(** m u + v *)
Fixpoint added (m : Z) (u v : list Z) : list Z :=
  match u, v with
  | [], _ => v
  | u0 :: u', [] => m * u0 :: added m u' []
  | u0 :: u', v0 :: v' => m * u0 + v0 :: added m u' v'
  end.

Fixpoint added_forms (m : Z) (u v : list (list Z)) : list (list Z) :=
  match u, v with
  | [], _ => v
  | u0 :: u', [] => added m u0 [] :: added_forms m u' []
  | u0 :: u', v0 :: v' => added m u0 v0 :: added_forms m u' v'
  end.

Definition scaled (m : Z) (u : list (list Z)) : list (list Z) := if m =? 1 then u else added_forms m u [].

(** An affine function of what the layers return and of the inputs, [(terms + constant) / divisor]. *)
Record affine := Affine { terms : list (list Z); constant : Z; divisor : positive }.

Definition nowhere : affine := Affine [] 0 1.
Definition negated (f : affine) : affine := Affine (added_forms (-1) (terms f) []) (- constant f) (divisor f).

(** f + s g *)
Definition sum (f : affine) (s : Q) (g : affine) : affine :=
  let own := (Qden s * divisor g)%positive in
  let all := common (divisor f) own in
  let m := Zpos all / Zpos (divisor f) in
  let n := Qnum s * (Zpos all / Zpos own) in
  Affine (added_forms n (terms g) (scaled m (terms f))) (m * constant f + n * constant g) all.

(** ** Rows: inputs, what enters neurons, conditions of the domain and of the target as [a.v - b] *)

(** [N d i] is neuron i of the layer with d layers behind it. *)
Inductive name := X (j : nat) | N (d i : nat) | D (i : nat) | T (i : nat).

Definition excess_of (c : condition) : affine := Affine (form c) (- bound c) (over c).
Definition below (d : nat) (f : affine) : affine := Affine (repeat [] d ++ terms f) (constant f) (divisor f).

Definition row_of (q : question) (target : list condition) (r : name) : option affine :=
  match r with
  | X j => if (j <? inputs q)%nat then Some (below (length (network q)) (Affine [repeat 0 j ++ [1]] 0 1)) else None
  | N d i =>
      match skipn d (network q) with
      | [] => None
      | l :: _ => n <- nth_error (neurons l) i; Some (below (S d) (Affine [fst n] (snd n) (denominator l)))
      end
  | D i => c <- nth_error (domain q) i; Some (below (length (network q)) (excess_of c))
  | T i => c <- nth_error target i; Some (excess_of c)
  end.

(** The condition that a row is the excess of. *)
Definition condition_of (q : question) (target : list condition) (r : name) : option condition :=
  match r with D i => nth_error (domain q) i | T i => nth_error target i | _ => None end.

Definition is_strict (q : question) (target : list condition) (r : name) : bool :=
  match condition_of q target r with Some (Condition _ _ _ Less) => true | _ => false end.

(** ** Ends: what inputs, and what enters neurons, are known to lie between *)

Definition interval : Type := option Q * option Q.
Definition unknown : interval := (None, None).

Record ends := Ends { of_inputs : list interval; of_neurons : list (list interval) }.

Definition larger (a : option Q) (b : Q) : option Q :=
  match a with Some c => if at_most b c then a else Some b | None => Some b end.
Definition smaller (a : option Q) (b : Q) : option Q :=
  match a with Some c => if at_most c b then a else Some b | None => Some b end.

(** The better of what is known and a new end. *)
Definition improved (upper : bool) (v : Q) (i : interval) : interval :=
  if upper then (fst i, smaller (snd i) v) else (larger (fst i) v, snd i).

Definition ends_of (e : ends) (r : name) : interval :=
  match r with
  | X j => nth j (of_inputs e) unknown
  | N d i => nth i (nth d (of_neurons e) []) unknown
  | _ => unknown
  end.

Fixpoint changed {A} (n : nat) (f : A -> A) (l : list A) : list A :=
  match n, l with
  | _, [] => []
  | O, a :: l' => f a :: l'
  | S m, a :: l' => a :: changed m f l'
  end.

Definition with_end (e : ends) (r : name) (upper : bool) (v : Q) : ends :=
  let better := improved upper v in
  match r with
  | X j => Ends (changed j better (of_inputs e)) (of_neurons e)
  | N d i => Ends (of_inputs e) (changed d (changed i better) (of_neurons e))
  | _ => e
  end.

(** The input that a form is about, if it is about one, and its coefficient. *)
Fixpoint single (w : list Z) : option (nat * Z) :=
  match w with
  | [] => None
  | a :: w' =>
      if a =? 0 then match single w' with Some (j, b) => Some (S j, b) | None => None end
      else if forallb (Z.eqb 0) w' then Some (O, a) else None
  end.

Definition quotient (a b : Z) : Q := reduced (a * Z.sgn b) (Z.to_pos (Z.abs b)).

Definition of_condition (e : list interval) (c : condition) : list interval :=
  match form c with
  | [w] =>
      match single w with
      | Some (j, a) =>
          let v := quotient (bound c) a in
          let e' := changed j (improved (0 <? a) v) e in
          match relates c with Equal => changed j (improved (a <? 0) v) e' | _ => e' end
      | None => e
      end
  | _ => e
  end.

Definition at_first (q : question) : ends :=
  Ends (fold_left of_condition (domain q) (repeat unknown (inputs q)))
       (map (fun l => map (fun _ => unknown) (neurons l)) (network q)).

(** ** The least value of a form, from below *)

Definition nonpositive (i : interval) : bool := match snd i with Some u => at_most u 0 | None => false end.
Definition nonnegative (i : interval) : bool := match fst i with Some l => at_most 0 l | None => false end.

Definition fine : positive := 1048576.

(** m z + t is no less than max(z, 0) between l and u, as it is so at both, where 0 <= m <= 1. *)
Definition is_above (l u m t : Q) : bool :=
  at_most 0 m && at_most m 1 && at_most (Qopp (times m l)) t && at_most (times (minus 1 m) u) t.

(** m, t such that m z + t is no more than max(z, 0), if this is to rise, or else no less. *)
Definition line (rises : bool) (i : interval) (slope : option Q) : option (Q * Q) :=
  if nonpositive i then Some (0%Q, 0%Q)
  else if nonnegative i then Some (1%Q, 0%Q)
  else if rises then
    let m := match slope, i with
             | Some a, _ => a
             | None, (Some l, Some u) => if at_most (Qopp l) u then 1%Q else 0%Q
             | None, _ => 0%Q
             end in
    if at_most 0 m && at_most m 1 then Some (m, 0%Q) else None
  else
    match i with
    | (Some l, Some u) =>
        let d := minus u l in
        let m := reduced (Qnum u * Zpos fine * Zpos (Qden d) / (Zpos (Qden u) * Qnum d)) fine in
        let t := larger (Some (Qopp (times m l))) (times (minus 1 m) u) in
        t <- t; if is_above l u m t then Some (m, t) else None
    | _ => None
    end.

Fixpoint lines (rows : list (list Z * Z)) (c : list Z) (on : list bool) (e : list interval) (slopes : list (option Q))
    {struct c} : option (list (Q * Q)) :=
  match c with
  | [] => Some []
  | c0 :: c' =>
      match rows, on with
      | _ :: rows', on0 :: on' =>
          m <- (if c0 =? 0 then Some (0%Q, 0%Q)
                else if on0 then line (0 <? c0) (hd unknown e) (hd None slopes) else Some (1%Q, 0%Q));
          ms <- lines rows' c' on' (tl e) (tl slopes);
          Some (m :: ms)
      | _, _ => None
      end
  end.

Fixpoint finest (ms : list (Q * Q)) : positive :=
  match ms with [] => 1%positive | (m, _) :: ms' => common (Qden m) (finest ms') end.

(** The coefficients of what enters a layer, times [f]. *)
Fixpoint bent (f : positive) (c : list Z) (ms : list (Q * Q)) : list Z :=
  match c, ms with
  | c0 :: c', (m, _) :: ms' => c0 * (Qnum m * (Zpos f / Zpos (Qden m))) :: bent f c' ms'
  | _, _ => []
  end.

Fixpoint raised (c : list Z) (ms : list (Q * Q)) : Q :=
  match c, ms with
  | c0 :: c', (_, t) :: ms' => if Qnum t =? 0 then raised c' ms' else plus (times (c0 # 1) t) (raised c' ms')
  | _, _ => 0%Q
  end.

(** A combination of neurons, as a form of what their layer takes. *)
Fixpoint combined (e : list Z) (rows : list (list Z * Z)) (w : list Z) (b : Z) : list Z * Z :=
  match e, rows with
  | e0 :: e', (w0, b0) :: rows' =>
      if e0 =? 0 then combined e' rows' w b else combined e' rows' (added e0 w0 w) (b + e0 * b0)
  | _, _ => (w, b)
  end.

(** Back through the layers, with the form [(above + s a) / k + total]. *)
Fixpoint back (k : positive) (s : Z) (above : list Z) (total : Q) (net : list layer) (e : list (list interval))
    (slopes : list (list (option Q))) (a : list (list Z)) : option (positive * list Z * Q) :=
  let c := added s (hd [] a) above in
  match net with
  | [] => Some (k, c, total)
  | l :: before =>
      ms <- lines (neurons l) c (relus l) (hd [] e) (hd [] slopes);
      let f := finest ms in
      let '(w, b) := combined (bent f c ms) (neurons l) [] 0 in
      let k' := (k * (f * denominator l))%positive in
      let t := raised c ms in
      back k' (s * Zpos (f * denominator l)) w (plus (plus total (reduced (Qnum t) (Qden t * k))) (reduced b k'))
        before (tl e) (tl slopes) (tl a)
  end.

(** The least value of a form of the inputs. *)
Fixpoint lowest (c : list Z) (e : list interval) : option Q :=
  match c with
  | [] => Some 0%Q
  | c0 :: c' =>
      match e with
      | [] => None
      | e0 :: e' =>
          r <- lowest c' e';
          if c0 =? 0 then Some r
          else v <- (if 0 <? c0 then fst e0 else snd e0); Some (plus (times (c0 # 1) v) r)
      end
  end.

(** What is added as it is not positive, by the names of rows; and slopes for neurons. *)
Record proof := Proof { factors : list (name * Q); slopes_of : list (list (option Q)) }.

(** A value v such that s (row - v) is not positive. *)
Definition bound_for (q : question) (target : list condition) (e : ends) (r : name) (s : Q) : option Q :=
  match condition_of q target r with
  | Some c => match relates c with Equal => Some 0%Q | _ => if at_most 0 s then Some 0%Q else None end
  | None => if at_most s 0 then fst (ends_of e r) else snd (ends_of e r)
  end.

Fixpoint with_factors (q : question) (target : list condition) (e : ends) (fs : list (name * Q)) (f : affine) (total : Q)
    : option (affine * Q) :=
  match fs with
  | [] => Some (f, total)
  | (r, s) :: fs' =>
      g <- row_of q target r;
      v <- bound_for q target e r s;
      with_factors q target e fs' (sum f s g) (minus total (times s v))
  end.

(** A number that a function is nowhere less than, where the target is hit. *)
Definition least (q : question) (target : list condition) (e : ends) (p : proof) (f : affine) : option Q :=
  g <- with_factors q target e (factors p) f 0;
  let '(f', total) := g in
  found <- back (divisor f') 1 [] (plus total (reduced (constant f') (divisor f'))) (network q) (of_neurons e)
             (slopes_of p) (terms f');
  let '(k, c, total') := found in
  r <- lowest c (of_inputs e);
  Some (plus total' (reduced (Qnum r) (Qden r * k))).

(** ** Trees *)

Record claim := Claim { is_upper : bool; about : name; shown_by : proof }.

Definition claimed (q : question) (e : ends) (c : claim) : option ends :=
  f <- row_of q [] (about c);
  v <- least q [] e (shown_by c) (if is_upper c then negated f else f);
  let w := rounded v in
  Some (with_end e (about c) (is_upper c) (if is_upper c then Qopp w else w)).

Fixpoint all_claimed (q : question) (e : ends) (cs : list claim) : option ends :=
  match cs with [] => Some e | c :: cs' => e' <- claimed q e c; all_claimed q e' cs' end.

(** A point is a list of integers over one denominator. *)
Inductive answer := Nothing (p : proof) | Tile (x : list Z) (d : positive) | Rest.

Inductive tree :=
  | Leaf (cs : list claim) (a : answer)
  | Split (cs : list claim) (r : name) (v : Q) (low high : tree).

(** ** What a leaf is: a polyhedron *)

(** A function of the inputs, [(a.x + b) / k] with the layer's k, if it is known. *)
Definition known : Type := option (list Z * Z).

Fixpoint of_known (fs : list known) (w : list Z) (a : list Z) (b : Z) {struct w} : known :=
  match w with
  | [] => Some (a, b)
  | w0 :: w' =>
      match fs with
      | [] => None
      | f :: fs' =>
          if w0 =? 0 then of_known fs' w' a b
          else g <- f; of_known fs' w' (added w0 (fst g) a) (b + w0 * snd g)
      end
  end.

(** What a neuron returns, and the row that says that it has this sign, unless it has it in all of the domain. *)
Definition signed (z : known) (everywhere here : interval) : known * list row :=
  if nonpositive everywhere then (Some ([], 0), [])
  else if nonnegative everywhere then (z, [])
  else match z with
       | None => (None, [])
       | Some (a, b) =>
           if nonpositive here then (Some ([], 0), [(a, b, AtMost)])
           else if nonnegative here then (z, [(added (-1) a [], - b, AtMost)])
           else (None, [])
       end.

Fixpoint all_signed (on : list bool) (z : list known) (everywhere here : list interval) : list known * list row :=
  match on, z with
  | on0 :: on', z0 :: z' =>
      let '(h0, own) := if on0 then signed z0 (hd unknown everywhere) (hd unknown here) else (z0, []) in
      let '(h, rows) := all_signed on' z' (tl everywhere) (tl here) in
      (h0 :: h, own ++ rows)
  | _, _ => ([], [])
  end.

(** Forward through the layers: what they return, the last one first, and the rows of signs. *)
Fixpoint forward (d : nat) (net : list layer) (everywhere here : list (list interval))
    : list (positive * list known) * list row :=
  match net with
  | [] => ([(1%positive, map (fun j => Some (repeat 0 j ++ [1], 0)) (seq 0 d))], [])
  | l :: before =>
      match forward d before (tl everywhere) (tl here) with
      | ((k, fs) :: levels, rows) =>
          let z := map (fun '(w, b) => of_known fs w [] (Zpos k * b)) (neurons l) in
          let '(h, own) := all_signed (relus l) z (hd [] everywhere) (hd [] here) in
          (((k * denominator l)%positive, h) :: (k, fs) :: levels, own ++ rows)
      | _ => ([], [])
      end
  end.

(** A form of what layers return as a function of the inputs, (a.x + b) / k. *)
Fixpoint on_inputs (levels : list (positive * list known)) (a : list (list Z)) {struct a} : option (list Z * Z * positive) :=
  match a with
  | [] => Some ([], 0, 1%positive)
  | own :: a' =>
      match levels with
      | [] => None
      | (k, fs) :: levels' =>
          rest <- on_inputs levels' a';
          match own with
          | [] => Some rest
          | _ =>
              let '(u, c, m) := rest in
              g <- of_known fs own [] 0;
              Some (added (Zpos k) u (added (Zpos m) (fst g) []), Zpos m * snd g + Zpos k * c, (m * k)%positive)
          end
      end
  end.

(** The row [f <= v], or [f >= v], or what the relation says. *)
Definition row_on_inputs (levels : list (positive * list known)) (f : affine) (upper : bool) (v : Q) (rel : relation)
    : option row :=
  g <- on_inputs levels (terms f);
  let '(a, b, k) := g in
  let s := if upper then 1 else -1 in
  Some (added (s * Zpos (Qden v)) a [],
        s * (Zpos (Qden v) * (b + Zpos k * constant f) - Qnum v * Zpos (k * divisor f)), rel).

Fixpoint collected {A B} (f : A -> option B) (l : list A) : option (list B) :=
  match l with [] => Some [] | a :: l' => b <- f a; bs <- collected f l'; Some (b :: bs) end.

(** A split: [r <= v], the upper end, or [r >= v]. *)
Definition cut : Type := name * bool * Q.

Definition cut_row (q : question) (levels : list (positive * list known)) (c : cut) : option row :=
  let '(r, upper, v) := c in f <- row_of q [] r; row_on_inputs levels f upper v AtMost.

(** A row's value at a point, times its denominator. *)
Fixpoint product (a x : list Z) : Z := match a, x with a0 :: a', x0 :: x' => a0 * x0 + product a' x' | _, _ => 0 end.
Definition value_at (x : list Z) (d : positive) (r : row) : Z := let '(a, b, _) := r in product a x + b * Zpos d.

Definition holds_at (x : list Z) (d : positive) (r : row) : bool :=
  match snd r with Less => value_at x d r <? 0 | AtMost => value_at x d r <=? 0 | Equal => value_at x d r =? 0 end.

Definition domain_row (c : condition) : row := (hd [] (form c), - bound c, relates c).

(** A split by the sign of a neuron that has a ReLU. *)
Definition is_by_sign (q : question) (c : cut) : bool :=
  match c with
  | (N d i, _, v) => match skipn d (network q) with l :: _ => nth i (relus l) false && (Qnum v =? 0) | [] => false end
  | _ => false
  end.

(** A row is nowhere positive between the ends of inputs. *)
Definition nowhere_positive (a : list Z) (b : Z) (e : list interval) : bool :=
  match lowest (added (-1) a []) e with Some v => at_most (b # 1) v | None => false end.

(** A condition holds on all of a leaf, as its row says. *)
Definition holds_by_ends (r : row) (e : list interval) : bool :=
  let '(a, b, rel) := r in
  match rel with
  | Less => false
  | AtMost => nowhere_positive a b e
  | Equal => nowhere_positive a b e && nowhere_positive (added (-1) a []) (- b) e
  end.

Definition holds_strictly (x : list Z) (d : positive) (r : row) : bool :=
  match snd r with Equal => false | _ => value_at x d r <? 0 end.

(** A point of the domain has strictly the signs that neurons were split by, and what the target asks for. *)
Definition is_inside (q : question) (here : ends) (path : list cut) (splits signs rows : list row)
    (x : list Z) (d : positive) : bool :=
  (length x =? inputs q)%nat
  && forallb (fun c => holds_at x d (domain_row c)) (domain q)
  && forallb (is_by_sign q) path && forallb (fun r => value_at x d r <? 0) splits
  && forallb (holds_at x d) signs
  && forallb (fun r => holds_strictly x d r || holds_by_ends r (of_inputs here)) rows.

(** A polyhedron of an answer; a tile has a point inside. *)
Record piece := Piece { polyhedron : list row; point_inside : option (list Z * positive) }.

Definition is_known (f : known) : bool := match f with Some _ => true | None => false end.

Definition piece_of (q : question) (target : list condition) (everywhere here : ends) (path : list cut) (a : answer)
    : option piece :=
  let '(levels, signs) := forward (inputs q) (network q) (of_neurons everywhere) (of_neurons here) in
  splits <- collected (cut_row q levels) path;
  rows <- collected (fun c => row_on_inputs levels (excess_of c) true 0 (relates c)) target;
  let all := splits ++ signs ++ rows in
  match a with
  | Tile x d => if is_inside q here path splits signs rows x d then Some (Piece all (Some (x, d))) else None
  | _ => Some (Piece all None)
  end.

(** All neurons have signs, as linear regions need it. *)
Definition is_region (q : question) (everywhere here : ends) : bool :=
  forallb (fun '(_, fs) => forallb is_known fs) (fst (forward (inputs q) (network q) (of_neurons everywhere) (of_neurons here))).

Fixpoint pieces (q : question) (target : list condition) (of_regions : bool) (everywhere e : ends) (path : list cut) (t : tree)
    : option (list piece) :=
  match t with
  | Split cs r v low high =>
      e' <- all_claimed q e cs;
      f <- row_of q [] r;
      one <- pieces q target of_regions everywhere (with_end e' r true v) ((r, true, v) :: path) low;
      two <- pieces q target of_regions everywhere (with_end e' r false v) ((r, false, v) :: path) high;
      Some (one ++ two)
  | Leaf cs a =>
      here <- all_claimed q e cs;
      match a with
      | Nothing p =>
          v <- least q target here p nowhere;
          if 0 <? Qnum v then Some []
          else if (Qnum v =? 0) && existsb (fun '(r, s) => (0 <? Qnum s) && is_strict q target r) (factors p) then Some []
          else None
      | _ =>
          if of_regions && negb (is_region q everywhere here) then None
          else p <- piece_of q target everywhere here path a; Some [p]
      end
  end.

(** A tree begins with what is proved of the whole domain; what this says of inputs and neurons holds for later trees, too. *)
Fixpoint answers (q : question) (of_regions : bool) (e : ends) (ts : list (list condition)) (cert : list (list claim * tree))
    : option (list (list piece)) :=
  match ts, cert with
  | [], [] => Some []
  | target :: ts', (cs, t) :: cert' =>
      everywhere <- all_claimed q e cs;
      own <- pieces q target of_regions everywhere everywhere [] t;
      others <- answers q of_regions everywhere ts' cert';
      Some (own :: others)
  | _, _ => None
  end.

(** The pieces of the preimage of each target. *)
Definition preimage (q : question) (cert : list (list claim * tree)) : option (list (list piece)) :=
  if sound q then answers q false (at_first q) (targets q) cert else None.

(** The linear regions. *)
Definition regions (q : question) (cert : list claim * tree) : option (list piece) :=
  if sound q then
    all <- answers q true (at_first q) [[]] [cert];
    match all with
    | [own] => if forallb (fun p => match point_inside p with Some _ => true | None => false end) own then Some own else None
    | _ => None
    end
  else None.

(** ** Points that map into a target *)

Fixpoint run (net : list layer) (x : list Z) (d : positive) : list Z * positive :=
  match net with
  | [] => (x, d)
  | l :: before =>
      let '(h, k) := run before x d in
      (map (fun '(on, (w, b)) => let z := product w h + b * Zpos k in if (on : bool) then Z.max z 0 else z)
         (combine (relus l) (neurons l)), (k * denominator l)%positive)
  end.

Fixpoint form_at (net : list layer) (a : list (list Z)) (x : list Z) (d : positive) {struct a} : Q :=
  match a with
  | [] => 0%Q
  | own :: a' =>
      let '(h, k) := run net x d in
      plus (reduced (product own h) k) (match net with [] => 0%Q | _ :: before => form_at before a' x d end)
  end.

Definition condition_at (net : list layer) (x : list Z) (d : positive) (c : condition) : bool :=
  let v := Qnum (minus (form_at net (form c) x d) (bound c # 1)) in
  match relates c with Less => v <? 0 | AtMost => v <=? 0 | Equal => v =? 0 end.

(** A point of the domain maps into a target. *)
Definition violates (q : question) (x : list Z) (d : positive) : bool :=
  sound q && (length x =? inputs q)%nat && forallb (condition_at [] x d) (domain q)
  && existsb (forallb (condition_at (network q) x d)) (targets q).
